from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Customer, CustomerStatus
from accounts.services import create_customer, update_customer
from ledger import race, services


class Command(BaseCommand):
    help = "Tries out on this database what Drawdown promises."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--race",
            action="store_true",
            required=True,
            help=f"{race.CALLERS} at once reserve more than a throw-away customer has",
        )
        parser.add_argument("--rounds", type=int, default=200)

    def handle(self, *, rounds: int, **options: Any) -> None:
        customer = create_customer(name="Race of the doctor")
        services.grant(customer.id, amount=race.BALANCE, kind="adjustment", reason="doctor --race")
        try:
            self._race(customer, rounds)
        finally:
            _throw_away(customer)

    def _race(self, customer: Customer, rounds: int) -> None:
        for number, answers in enumerate(race.run(customer.id, rounds), start=1):
            if answers != race.EXPECTED:
                raise CommandError(f"round {number}: {dict(answers)}, not {dict(race.EXPECTED)}")
        self.stdout.write(f"{rounds} times {race.CALLERS} at once: exactly {race.GRANTED} granted")


def _throw_away(customer: Customer) -> None:
    """The credits go; the history stays, as all history does."""
    left = services.refresh(customer.id).available
    if left:
        services.adjust(customer.id, amount=left, cause="void", reason="doctor --race")
    update_customer(customer, status=CustomerStatus.CLOSED)
