"""All SQL about the installation itself: signing keys, and which weights serve."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.models import Deployment, Secret


class InstallationRepository:
    """Secrets and deployments."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def secret(self, name: str) -> str:
        """The signing key of that name, made on first use (256 bits)."""
        found = self._session.get(Secret, name)
        if found is None:
            found = Secret(name=name, value=secrets.token_urlsafe(32))
            self._session.add(found)
            self._session.flush()
        return found.value

    def find_deployment(self, kind: str) -> Deployment | None:
        query = select(Deployment).where(Deployment.kind == kind).order_by(Deployment.id.desc())
        return self._session.scalars(query).first()

    def add_deployment(self, deployment: Deployment) -> Deployment:
        self._session.add(deployment)
        self._session.flush()
        return deployment
