"""Which implementation runs, who decided, what happened. Knows nothing of finance.

The path of a call, in the order in which it passes:

* :mod:`~freqkernels.runtime.dispatch`: fast function before exact function
* :mod:`~freqkernels.runtime.backend`: compiled or reference twin of a kernel
* :mod:`~freqkernels.runtime.decisions`: the decision between the two, a value with its reason
* :mod:`~freqkernels.runtime.pair`: what happens after it; who answers when the fast one fails
* :mod:`~freqkernels.runtime.trial`: both run and are compared

What a decision looks at:

* :mod:`~freqkernels.runtime.settings`: the schema; :mod:`~freqkernels.runtime.sources` reads it,
  :mod:`~freqkernels.runtime.control` keeps what is in force
* :mod:`~freqkernels.runtime.rollout`: the log of a rollout
* :mod:`~freqkernels.runtime.breaker`: failures
* :mod:`~freqkernels.runtime.shares`: percentages that are stable by key
* :mod:`~freqkernels.runtime.support`: the answer of a fast path, with its reason

What is kept of it:

* :mod:`~freqkernels.runtime.counters`: exact counts; :mod:`~freqkernels.runtime.histogram`
* :mod:`~freqkernels.runtime.journal`: refusals, decisions, failures, mismatches, fallbacks
* :mod:`~freqkernels.runtime.telemetry`: all of that for people to see

And beside the path: :mod:`~freqkernels.runtime.threads`, :mod:`~freqkernels.runtime.collector`,
:mod:`~freqkernels.runtime.turns`, :mod:`~freqkernels.runtime.places`.
"""

from freqkernels.runtime.backend import (
    BACKENDS,
    Kernel,
    get_backend,
    kernel,
    kernels,
    set_backend,
    use_backend,
)
from freqkernels.runtime.collector import collect_once_at_exit, collector_paused
from freqkernels.runtime.control import (
    adopt,
    configure,
    current,
    decision,
    effective,
    reload,
    reload_on_signal,
    reset_breakers,
)
from freqkernels.runtime.decisions import Decision, Switch, switch, switches
from freqkernels.runtime.dispatch import accelerate
from freqkernels.runtime.journal import Event, Failure, events, failures
from freqkernels.runtime.shares import keyed
from freqkernels.runtime.support import SUPPORTED, Support, refuse
from freqkernels.runtime.threads import num_threads, set_num_threads, threads_for

__all__ = [
    "BACKENDS",
    "SUPPORTED",
    "Decision",
    "Event",
    "Failure",
    "Kernel",
    "Support",
    "Switch",
    "accelerate",
    "adopt",
    "collect_once_at_exit",
    "collector_paused",
    "configure",
    "current",
    "decision",
    "effective",
    "events",
    "failures",
    "get_backend",
    "kernel",
    "kernels",
    "keyed",
    "num_threads",
    "refuse",
    "reload",
    "reload_on_signal",
    "reset_breakers",
    "set_backend",
    "set_num_threads",
    "switch",
    "switches",
    "threads_for",
    "use_backend",
]
