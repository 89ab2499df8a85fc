"""A dlt resource of pages of 10,000 rows."""

import datetime

import dlt

PAGE = 10_000
START = datetime.datetime(2024, 5, 6, tzinfo=datetime.timezone.utc)


def row(number):
    return {
        "id": number,
        "name": f"customer {number}",
        "amount": number * 0.25,
        "is_active": number % 3 == 0,
        "created_at": START + datetime.timedelta(seconds=number),
        "note": f"note {number % 1000}" if number % 4 else None,
    }


@dlt.resource(write_disposition="append")
def items(rows):
    for first in range(0, rows, PAGE):
        yield [row(number) for number in range(first, min(first + PAGE, rows))]
