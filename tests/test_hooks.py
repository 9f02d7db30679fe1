"""Import hooks, on real modules in temporary directories."""

import copy
import importlib
import importlib.resources
import importlib.util
import inspect
import pickle
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from freqkernels.bridge import hooks
from freqkernels.bridge.hooks import on_import

SOURCE = "class Thing:\n    value = 1\n\n\ndef double(x):\n    return 2 * x\n"
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a module (``pkg/name.py`` as well) and make it importable; clean up afterwards."""
    modules = dict(sys.modules)
    meta_path = list(sys.meta_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def write_module(name: str, source: str = SOURCE) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        importlib.invalidate_caches()
        return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    yield write_module
    for handle in [handle for handles in hooks._handles.values() for handle in handles]:
        handle.cancel()
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]
    assert sys.meta_path == meta_path


def test_an_import_in_another_thread_misses_no_finder(write: Write) -> None:
    before = list(sys.meta_path)
    handle = on_import(write("fk_walked.py"), lambda module: None)
    walk = iter(sys.meta_path)  # as importlib does, which another thread may interrupt here
    assert next(walk) is hooks._finder
    handle.cancel()
    assert list(walk) == before
    walk = iter(sys.meta_path)
    assert next(walk) is before[0]
    on_import("fk_walked", lambda module: None)
    assert list(walk) == before[1:]


def test_runs_after_the_module_is_complete(write: Write) -> None:
    name = write("fk_plain.py")
    seen: list[int] = []
    on_import(name, lambda module: seen.append(module.double(21)))
    assert seen == []
    module = importlib.import_module(name)
    assert seen == [42]
    importlib.import_module(name)
    assert seen == [42]
    assert module.__spec__ is not None
    assert type(module.__spec__.loader) is SourceFileLoader
    assert module.__loader__ is module.__spec__.loader


def test_runs_at_once_if_imported(write: Write) -> None:
    name = write("fk_early.py")
    module = importlib.import_module(name)
    seen: list[ModuleType] = []
    on_import(name, seen.append)
    assert seen == [module]


def test_runs_again_on_reload(write: Write) -> None:
    name = write("fk_reload.py")
    seen: list[ModuleType] = []
    on_import(name, seen.append)
    module = importlib.import_module(name)
    write("fk_reload.py", SOURCE + "\nextra = True\n")
    assert importlib.reload(module) is module
    assert seen == [module, module]
    assert module.extra
    assert type(module.__loader__) is SourceFileLoader


def test_a_patch_is_what_importers_get(write: Write) -> None:
    name = write("fk_patched.py")
    user = write("fk_user.py", "from fk_patched import double\n\nresult = double(1)\n")
    on_import(name, lambda module: setattr(module, "double", lambda x: 100 * x))
    assert importlib.import_module(user).result == 100


def test_order_and_cancel(write: Write) -> None:
    name = write("fk_order.py")
    seen: list[int] = []
    handles = [on_import(name, lambda module, i=i: seen.append(i)) for i in range(4)]
    on_import(name, lambda module: last.cancel())
    last = on_import(name, lambda module: seen.append(99))
    handles[1].cancel()
    handles[1].cancel()
    assert [handle.active for handle in handles] == [True, False, True, True]
    importlib.import_module(name)
    assert seen == [0, 2, 3]


def test_finder_is_only_there_when_needed(write: Write) -> None:
    name = write("fk_finder.py")
    first = on_import(name, lambda module: None)
    second = on_import("fk_never", lambda module: None)
    assert sys.meta_path.index(hooks._finder) == 0
    first.cancel()
    assert hooks._finder in sys.meta_path
    second.cancel()
    assert hooks._finder not in sys.meta_path
    importlib.import_module(name)


def test_registered_while_the_module_runs(write: Write) -> None:
    seen: list[str] = []
    sys.modules["fk_sink"] = sink = ModuleType("fk_sink")
    sink.seen = seen  # type: ignore[attr-defined]
    name = write(
        "fk_inner.py",
        "import fk_sink\nfrom freqkernels.bridge.hooks import on_import\n"
        "on_import(__name__, lambda module: fk_sink.seen.append(module.late))\nlate = 'late'\n",
    )
    on_import(name, lambda module: seen.append("first"))
    importlib.import_module(name)
    assert seen == ["first", "late"]


def test_packages_resources_and_source(write: Write, tmp_path: Path) -> None:
    package = write("fk_package/__init__.py", "from fk_package import inner\n")
    inner = write("fk_package/inner.py")
    (tmp_path / "fk_package" / "data.txt").write_text("resource")
    names: list[str] = []
    for name in (inner, package):
        on_import(name, lambda module: names.append(module.__name__))
    module = importlib.import_module(package)
    assert names == [inner, package]
    assert importlib.resources.files(package).joinpath("data.txt").read_text() == "resource"
    assert inspect.getsource(module.inner.double).startswith("def double")
    assert module.__path__ == [str(tmp_path / "fk_package")]
    thing = pickle.loads(pickle.dumps(module.inner.Thing()))
    assert type(thing) is module.inner.Thing


def test_spec_before_the_import(write: Write) -> None:
    """What others do with a spec that we touched: look at it, copy it, load it lazily."""
    name = write("fk_spec.py")
    seen: list[str] = []
    on_import(name, lambda module: seen.append(module.__name__))
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    assert spec.loader.get_source(name) == SOURCE  # type: ignore[attr-defined]
    assert copy.copy(spec.loader).get_code(name)  # type: ignore[attr-defined]
    assert seen == []
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    assert seen == []
    assert module.double(2) == 4
    assert seen == [name]
    assert type(module.__loader__) is SourceFileLoader


def test_other_loaders(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zip archives (one loader for many modules) and extension or builtin modules."""
    with zipfile.ZipFile(tmp_path / "fk.zip", "w") as archive:
        archive.writestr("fk_zip_a.py", SOURCE)
        archive.writestr("fk_zip_b.py", SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path / "fk.zip"))
    seen: list[str] = []
    binary = "_crypt" if "_crypt" not in sys.modules and sys.version_info < (3, 13) else "_lsprof"
    monkeypatch.delitem(sys.modules, binary, raising=False)
    for name in ("fk_zip_a", binary):
        on_import(name, lambda module: seen.append(module.__name__))
    for name in ("fk_zip_b", "fk_zip_a", binary):
        module = importlib.import_module(name)
        assert "freqkernels" not in type(module.__loader__).__module__
    assert seen == ["fk_zip_a", binary]


def test_failing_module_and_failing_callback(write: Write) -> None:
    seen: list[ModuleType] = []
    broken = write("fk_broken.py", "raise RuntimeError('broken')\n")
    on_import(broken, seen.append)
    with pytest.raises(RuntimeError, match="broken"):
        importlib.import_module(broken)
    on_import("fk_absent", seen.append)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("fk_absent")
    assert seen == []
    write("fk_broken.py", SOURCE)
    importlib.import_module(broken)
    assert len(seen) == 1

    def fail(module: ModuleType) -> None:
        raise ValueError("callback")

    name = write("fk_callback.py")
    handle = on_import(name, fail)
    with pytest.raises(ValueError, match="callback"):
        importlib.import_module(name)
    assert name not in sys.modules
    handle.cancel()
    assert importlib.import_module(name).double(1) == 2


def test_a_finder_that_asks_all_finders(write: Write) -> None:
    """Other import hooks look the real spec up through ``importlib.util.find_spec``."""
    name = write("fk_recursive.py")
    asked: list[str] = []

    class Nosy:
        busy = False

        def find_spec(self, fullname: str, path: object, target: object = None) -> object:
            if fullname != name or self.busy:
                return None
            self.busy = True
            asked.append(fullname)
            try:
                return importlib.util.find_spec(fullname)
            finally:
                self.busy = False

    seen: list[ModuleType] = []
    on_import(name, seen.append)
    nosy = Nosy()
    sys.meta_path.insert(1, nosy)  # type: ignore[arg-type]
    try:
        module = importlib.import_module(name)
    finally:
        sys.meta_path.remove(nosy)  # type: ignore[arg-type]
    assert asked == [name]
    assert seen == [module]
    assert type(module.__loader__) is SourceFileLoader


def test_namespace_package_says_that_it_has_no_code(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    write("fk_namespace/inner.py")
    on_import("fk_namespace", lambda module: pytest.fail("nothing was executed"))
    assert importlib.import_module("fk_namespace.inner").double(1) == 2
    assert "fk_namespace has no code to execute" in caplog.text


def test_threads_register_once_each(write: Write) -> None:
    """Twenty threads register while one imports a slow module: each callback runs exactly once."""
    name = write("fk_slow.py", "import time\ntime.sleep(0.1)\n" + SOURCE)
    counts = [0] * 20
    started = threading.Barrier(21)

    def register(index: int) -> None:
        def count(module: ModuleType) -> None:
            counts[index] += module.double(1) // 2

        started.wait()
        on_import(name, count)

    on_import(name, lambda module: None)
    threads = [threading.Thread(target=register, args=(index,)) for index in range(20)]
    for thread in threads:
        thread.start()
    started.wait()
    importlib.import_module(name)
    for thread in threads:
        thread.join()
    assert counts == [1] * 20


def test_late_registration_waits_for_another_thread(write: Write) -> None:
    """A module that is half imported without our loader is awaited, not handed out half done."""
    entered = threading.Event()
    release = threading.Event()
    sys.modules["fk_events"] = sink = ModuleType("fk_events")
    sink.entered, sink.release = entered, release  # type: ignore[attr-defined]
    name = write(
        "fk_half.py",
        "import fk_events\nfk_events.entered.set()\nassert fk_events.release.wait(30)\n" + SOURCE,
    )
    importer = threading.Thread(target=importlib.import_module, args=(name,))
    importer.start()
    assert entered.wait(30)
    results: list[int] = []
    waiter = threading.Thread(
        target=on_import, args=(name, lambda module: results.append(module.double(4)))
    )
    waiter.start()
    release.set()
    importer.join()
    waiter.join()
    assert results == [8]
