"""The order in which threads get a lock."""

from __future__ import annotations

import threading

from live.system.fair_lock import FairLock


def test_who_takes_it_again_at_once_comes_after_who_waits() -> None:
    lock, order = FairLock(), list[str]()

    def wait(name: str) -> None:
        with lock:
            order.append(name)

    with lock:
        threads = []
        for name in ("control", "painter"):
            threads.append(threading.Thread(target=wait, args=(name,)))
            threads[-1].start()
            while lock.waiting < len(threads):
                pass
        order.append("main")
    with lock:
        order.append("main again")
    for thread in threads:
        thread.join()
    assert order == ["main", "control", "painter", "main again"]


def test_its_owner_may_take_it_again_and_an_error_releases_it() -> None:
    lock = FairLock()
    try:
        with lock, lock:
            raise ValueError
    except ValueError:
        pass
    taken = []

    def take() -> None:
        with lock:
            taken.append(True)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert taken == [True]
