"""What an exchange told freqtrade, as one JSON file.

``answers`` holds the values as ccxt got them, before it completes them (the arguments of its
``set_markets``), so that ccxt arrives at the same markets from a record as from the network.
The hash covers everything else in the file, in canonical JSON: sorted keys, no blanks.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from freqkernels.errors import MarketsError

FORMAT = "freqkernels-markets"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Answers:
    """What freqtrade asks at start.

    :param markets: markets as ccxt parsed them, in ccxt's order.
    :param currencies: currencies by code, None where ccxt derives them from the markets.
    :param fees: ccxt's default fees of the exchange, None for those of the installed ccxt.
    :param options: options of the ccxt object that loading markets fills, where it has any.
    :param leverage_tiers: tiers by symbol, None where freqtrade did not ask.
    :param trading_fees: fees by symbol, None where freqtrade did not ask.
    """

    markets: list[dict[str, Any]]
    currencies: dict[str, Any] | None = None
    fees: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    leverage_tiers: dict[str, list[dict[str, Any]]] | None = None
    trading_fees: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MarketRecord:
    """Answers, and where they come from.

    :param exchange: ccxt's id of the exchange.
    :param trading_mode: "spot" or "futures".
    :param stake_currency: of the configuration; some exchanges are asked for its markets only.
    :param recorded_at: when, with a time zone.
    :param precision_mode: ccxt's counting mode, without which a precision means nothing.
    :param ccxt_version: which parsed the answers.
    :param freqtrade_version: which asked.
    :param answers: the answers.
    """

    exchange: str
    trading_mode: str
    stake_currency: str | None
    recorded_at: datetime
    precision_mode: int
    ccxt_version: str
    freqtrade_version: str
    answers: Answers

    def age(self) -> timedelta:
        """Time since the record was made."""
        return datetime.now(UTC) - self.recorded_at

    def sha256(self) -> str:
        """The hash that the file holds."""
        return _hash(_header(self), _entries(self.answers))


def save_record(record: MarketRecord, path: Path) -> None:
    """Write a record under a temporary name and rename it.

    :param record: the record.
    :param path: the file; replaced if it exists.
    :raise MarketsError: when it cannot be written.
    """
    header, answers = _header(record), _entries(record.answers)
    document = {**header, "sha256": _hash(header, answers), "answers": answers}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            temporary.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise MarketsError(f"market record {path} cannot be written: {error}") from error


def load_record(path: Path) -> MarketRecord:
    """Read a record and check it.

    :param path: the file.
    :return: the record.
    :raise MarketsError: for a file that is absent, damaged, altered or of another kind.
    """
    document = _read(path)
    if document.pop("format", None) != FORMAT:
        raise MarketsError(
            f"{path} is not a market record: it has no format '{FORMAT}'. "
            "'freqkernels markets record' makes one."
        )
    version = document.pop("version", None)
    if version != FORMAT_VERSION:
        raise MarketsError(
            f"market record {path} has format version {version!r}, this freqkernels reads version "
            f"{FORMAT_VERSION}: record the markets anew with 'freqkernels markets record'"
        )
    expected = document.pop("sha256", None)
    try:
        record = _parse(document)
        actual = record.sha256()
    except (KeyError, TypeError, ValueError) as error:
        raise MarketsError(f"market record {path} is damaged: {_explain(error)}") from error
    if expected != actual:
        raise MarketsError(
            f"market record {path} is damaged or was edited: its contents hash to {actual}, "
            f"it says {expected}"
        )
    return record


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MarketsError(f"market record {path} cannot be read: {error}") from error
    except ValueError as error:  # JSON and UTF-8 errors are both ValueErrors
        raise MarketsError(
            f"market record {path} is damaged (cut short?): not valid JSON, {error}"
        ) from error
    if not isinstance(document, dict):
        raise MarketsError(f"{path} is not a market record: it holds no JSON object")
    return document


_TYPES: dict[str, type | tuple[type, ...]] = {
    "exchange": str,
    "trading_mode": str,
    "stake_currency": (str, type(None)),
    "recorded_at": str,
    "precision_mode": int,
    "ccxt_version": str,
    "freqtrade_version": str,
    "answers": dict,
    "markets": list,
    "currencies": (dict, type(None)),
    "fees": (dict, type(None)),
    "options": (dict, type(None)),
    "leverage_tiers": (dict, type(None)),
    "trading_fees": (dict, type(None)),
}


def _parse(document: dict[str, Any]) -> MarketRecord:
    """The record of a document; what is missing, superfluous or mistyped raises."""
    answers = Answers(**_checked(document.get("answers"), Answers))
    if not all(isinstance(market, dict) and "symbol" in market for market in answers.markets):
        raise ValueError("'markets' holds something that is not a market")
    values = _checked(document, MarketRecord)
    recorded_at = datetime.fromisoformat(values["recorded_at"])
    if recorded_at.tzinfo is None:
        raise ValueError("'recorded_at' has no time zone")
    return MarketRecord(**{**values, "recorded_at": recorded_at, "answers": answers})


def _checked(values: Any, kind: type[Answers] | type[MarketRecord]) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise TypeError("'answers' is not an object")
    names = [field.name for field in fields(kind)]
    for name in names:
        if not isinstance(values[name], _TYPES[name]):
            raise TypeError(f"'{name}' is of type {type(values[name]).__name__}")
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise ValueError(f"unknown entries {', '.join(unknown)}")
    return values


def _header(record: MarketRecord) -> dict[str, Any]:
    header = {"format": FORMAT, "version": FORMAT_VERSION}
    for field in fields(record):
        if field.name != "answers":
            header[field.name] = getattr(record, field.name)
    return {**header, "recorded_at": record.recorded_at.isoformat()}


def _entries(answers: Answers) -> dict[str, Any]:
    # dataclasses.asdict copies every market, which takes a second for a large exchange.
    return {field.name: getattr(answers, field.name) for field in fields(answers)}


def _hash(header: dict[str, Any], answers: dict[str, Any]) -> str:
    canonical = json.dumps({**header, "answers": answers}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _explain(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)
