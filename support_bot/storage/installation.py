"""All SQL about the installation itself: signing keys, which weights serve, and how sure the bot must be."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.models import Deployment, RiskPoint, Secret


class InstallationRepository:
    """Secrets, deployments and the risk dial."""

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

    def deployments(self, kind: str) -> Sequence[Deployment]:
        """Every choice so far, the oldest first."""
        return self._session.scalars(select(Deployment).where(Deployment.kind == kind).order_by(Deployment.id)).all()

    def add_deployment(self, deployment: Deployment) -> Deployment:
        self._session.add(deployment)
        self._session.flush()
        return deployment

    def find_risk_point(self) -> RiskPoint | None:
        """The newest choice."""
        return self._session.scalars(select(RiskPoint).order_by(RiskPoint.id.desc())).first()

    def add_risk_point(self, point: RiskPoint) -> RiskPoint:
        self._session.add(point)
        self._session.flush()
        return point
