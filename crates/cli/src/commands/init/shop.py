from datetime import datetime, timedelta, timezone
from decimal import Decimal


def orders(days=1):
    """Yields a page of rows for each day. Dates, decimals and bytes keep their types."""
    today = datetime(2024, 5, 6, tzinfo=timezone.utc)
    for day in range(days):
        at = today - timedelta(days=day)
        yield [{"id": day * 10 + n, "at": at, "amount": Decimal("9.90") * n, "tags": ["new"]} for n in range(3)]
