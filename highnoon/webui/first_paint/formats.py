"""Numbers, durations and times as people read them: the texts of `widgets/src/format.ts`."""

import datetime
import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

__all__ = [
    "age",
    "clock",
    "decimals_for",
    "duration",
    "integer",
    "number",
    "pace",
    "percent",
    "plural",
    "roughly",
    "value",
]

_THIN = "\u202f"


def integer(amount: float) -> str:
    """Return a whole number in groups of three digits."""
    return "–" if math.isnan(amount) else _grouped(str(_round(amount)))


def number(amount: float, *, digits: int = 3, log: bool = False) -> str:
    """Return a number of about equal precision whatever its size."""
    if math.isnan(amount):
        return "–"
    if math.isinf(amount):
        return "∞" if amount > 0 else "−∞"
    if amount == 0:
        return "0"
    size = abs(amount)
    if log or size < 1e-3 or size >= 1e7:
        rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(size))
        mantissa, _, power = f"{rounded:.{digits - 1}e}".partition("e")
        text = f"{mantissa}e{int(power)}"
    else:
        text = _grouped(_fixed(size, max(0, digits - 1 - math.floor(math.log10(size)))))
    return f"−{text}" if amount < 0 else text


def value(amount: float, decimals: int | None = None) -> str:
    """Return a study's value: four decimals, more for small ones, fewer for large."""
    if not math.isfinite(amount):
        return number(amount)
    if decimals is None:
        decimals = decimals_for(amount, math.nan)
    size = abs(amount)
    if size >= 1e7 or (size != 0 and size < 10.0**-decimals):
        return number(amount, digits=4)
    text = _grouped(_fixed(size, min(2, decimals) if size >= 1e4 else decimals))
    return f"−{text}" if amount < 0 else text


def decimals_for(best: float, second: float) -> int:
    """Return decimals that show three digits of the best and tell it from the second: 4 to 9."""
    size = abs(best)
    decimals = max(4, 2 - math.floor(math.log10(size))) if 1e-4 <= size < 1 else 4
    if math.isfinite(best) and math.isfinite(second) and best != second:
        while decimals < 9 and _fixed(best, decimals) == _fixed(second, decimals):
            decimals += 1
    return decimals


def duration(seconds: float) -> str:
    """Return a time as `40 ms`, `45 s`, `6 min 20 s`, `1 h 39 min`, `3 d 4 h`."""
    if not math.isfinite(seconds):
        return "–"
    seconds = max(0.0, seconds)
    if seconds < 0.995:
        return f"{_round(seconds * 1000)} ms"
    if seconds < 9.95:
        return f"{_fixed(seconds, 1)} s"
    whole = _round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _joined(whole // 60, "min", whole % 60, "s")
    minutes = _round(seconds / 60)
    if minutes < 24 * 60:
        return _joined(minutes // 60, "h", minutes % 60, "min")
    hours = _round(seconds / 3600)
    return _joined(hours // 24, "d", hours % 24, "h")


def roughly(seconds: float) -> str:
    """Return a duration that is an estimate."""
    unit = 5 if seconds < 90 else 60 if seconds < 5400 else 600
    return duration(max(unit, _round(seconds / unit) * unit))


def clock(seconds: float) -> str:
    """Return a time as a table has it: `6:19`, `1:02:03`, below a second `40 ms`."""
    if not math.isfinite(seconds):
        return "–"
    if 0 < seconds < 0.995:
        return duration(seconds)
    minutes, rest = divmod(_round(max(0.0, seconds)), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def age(time: float, now: float) -> str:
    """Return how long ago a time was, and the day and time where that is more than a day."""
    if not math.isfinite(time):
        return "–"
    seconds = max(0.0, now - time)
    if seconds < 1.5:
        return "1 s ago"
    if seconds < 60:
        return f"{_round(seconds)} s ago"
    if seconds < 3600:
        return f"{_round(seconds / 60)} min ago"
    if seconds < 86400:
        return f"{_round(seconds / 3600)} h ago"
    then, today = (datetime.datetime.fromtimestamp(each).astimezone() for each in (time, now))
    if (today.date() - then.date()).days == 1:
        return f"yesterday {then:%H:%M}"
    return f"{then.day} {then:%b %H:%M}" if then.year == today.year else f"{then.day} {then:%b %Y}"


def percent(share: float) -> str:
    """Return a share, 0 to 1, in whole hundredths."""
    return f"{_round(share * 100)} %"


def pace(per_hour: float) -> tuple[str, str]:
    """Return how many trials end, and in which time: in an hour, of fast ones in a second."""
    if per_hour >= 36_000:
        return integer(per_hour / 3600), "trials per second"
    return _fixed(per_hour, 1) if per_hour < 10 else integer(per_hour), "trials per hour"


def plural(amount: int, one: str, many: str = "") -> str:
    """Return a number of things."""
    return f"{integer(amount)} {one if amount == 1 else many or one + 's'}"


def _grouped(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return re.sub(r"\B(?=(\d{3})+(?!\d))", _THIN, whole) + point + fraction


def _fixed(amount: float, decimals: int) -> str:
    return str(Decimal(amount).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def _round(amount: float) -> int:
    return math.floor(amount + 0.5)


def _joined(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"
