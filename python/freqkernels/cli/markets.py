"""``freqkernels markets``: record what an exchange tells freqtrade at start, look at a record."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freqkernels.bridge.market_record import MarketRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands and their options."""
    commands = parser.add_subparsers(dest="markets_command", metavar="{record,show}", required=True)
    record = commands.add_parser(
        "record", help="ask the exchange (needs the network, no keys) and write one JSON file"
    )
    record.add_argument(
        "-c", "--config", action="append", help="configuration file; may be given several times"
    )
    record.add_argument(
        "-o",
        "--output",
        type=Path,
        help="file to write (default: markets-EXCHANGE-MODE.json in the current directory)",
    )
    record.add_argument("--trading-mode", choices=("spot", "futures"))
    record.add_argument("--exchange", help="name of the exchange, instead of the configuration's")
    record.add_argument("--userdir", "--user-data-dir", help="freqtrade's user directory")
    record.add_argument("-d", "--datadir", help="freqtrade's data directory")
    show = commands.add_parser("show", help="say what a record holds and whether it is intact")
    show.add_argument("file", type=Path)


def run(args: argparse.Namespace) -> int:
    """Run ``markets record`` or ``markets show``.

    :param args: parsed arguments.
    :return: 0.
    :raise MarketsError: when there is no record to write or to show, with the reason.
    """
    return _record(args) if args.markets_command == "record" else _show(args.file)


def _record(args: argparse.Namespace) -> int:
    from freqkernels.bridge.market_record import save_record
    from freqkernels.bridge.market_recorder import record_markets

    options = [part for path in args.config or () for part in ("-c", path)]
    for name in ("trading_mode", "exchange", "userdir", "datadir"):
        if getattr(args, name):
            options += [f"--{name.replace('_', '-')}", getattr(args, name)]
    record = record_markets(options)
    path = args.output or Path(f"markets-{record.exchange}-{record.trading_mode}.json")
    save_record(record, path)
    print(f"wrote {path}")
    print(_describe(record))
    return 0


def _show(path: Path) -> int:
    from freqkernels.bridge.market_record import load_record

    print(_describe(load_record(path)))
    return 0


def _describe(record: MarketRecord) -> str:
    from freqkernels.bridge.markets import MAX_AGE

    answers = record.answers
    kinds = Counter(str(market.get("type")) for market in answers.markets)
    active = sum(market.get("active") is not False for market in answers.markets)
    age = record.age()
    old = f", older than {MAX_AGE.days}: record it anew" if age > MAX_AGE else ""
    tiers = answers.leverage_tiers
    currencies = answers.currencies
    rows = {
        "exchange": record.exchange,
        "trading mode": record.trading_mode,
        "stake currency": record.stake_currency or "none",
        "recorded": f"{record.recorded_at.isoformat()} ({age.days} days ago{old})",
        "versions": f"freqtrade {record.freqtrade_version}, ccxt {record.ccxt_version}",
        "markets": f"{len(answers.markets)} ({active} active): "
        + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
        "currencies": "derived from the markets" if not currencies else len(currencies),
        "leverage tiers": "freqtrade did not ask" if tiers is None else f"{len(tiers)} markets",
        "trading fees": "freqtrade did not ask"
        if answers.trading_fees is None
        else f"{len(answers.trading_fees)} markets",
        "sha256": f"{record.sha256()} (matches)",
    }
    return "\n".join(f"{name:<16}{value}" for name, value in rows.items())
