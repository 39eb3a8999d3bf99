"""What concerns the accounts of staff beside signing in, built together: `app.accounts`."""

from __future__ import annotations

from dataclasses import dataclass

from support_bot.services.staff import StaffService, first_step
from support_bot.services.staff_links import StaffLinkService
from support_bot.services.two_factor import TwoFactorService
from support_bot.settings import Settings
from support_bot.storage.database import Database


@dataclass(frozen=True)
class Accounts:
    """The services around members of staff."""

    links: StaffLinkService
    two_factor: TwoFactorService


def build_accounts(db: Database, settings: Settings, staff: StaffService) -> Accounts:
    return Accounts(
        links=StaffLinkService(db, settings, staff),
        two_factor=TwoFactorService(db, settings, staff, first_step(db)),
    )
