"""Faults of one PostgreSQL server: its sessions, its processes, and what it refuses."""

import asyncio
import signal
import time
from pathlib import Path

from Harness.postgres import Session, literal
from Harness.processes import Failure, children, family, send
from scene import Fault, Scene

OURS = "FROM pg_stat_activity WHERE application_name = 'holdfast'"


async def kill_backend(scene: Scene) -> None:
    """kill -9 of one session: PostgreSQL ends all of them and recovers."""
    for _ in range(scene.parameters["kills"]):
        backends = await scene.do(scene.site.database.backends)
        if not backends:
            raise Failure("the service has no session to kill")
        victim = scene.chance.choice(backends)
        await scene.strike(lambda: send(signal.SIGKILL, [victim]))
        await scene.do(scene.site.database.wait)
        await scene.pause()


async def terminate_backends(scene: Scene) -> None:
    """Ends every session, as an administrator or a pooler's restart does."""
    for _ in range(scene.parameters["rounds"]):
        await scene.strike(
            lambda: scene.site.database.sql(f"SELECT count(pg_terminate_backend(pid)) {OURS}"))
        await scene.pause()


async def hang_backends(scene: Scene) -> None:
    """Stops the service's sessions, and lets them go on.

    What they were about to commit is committed late, after the service has looked the outcome up
    in another session.
    """
    for _ in range(scene.parameters["times"]):
        backends = await scene.do(scene.site.database.backends)
        try:
            await scene.strike(lambda: send(signal.SIGSTOP, backends))
            await asyncio.sleep(scene.parameters["seconds"])
        finally:
            send(signal.SIGCONT, backends)
        await scene.pause()


async def stop_immediately(scene: Scene) -> None:
    """Stops without a checkpoint, stays away for a while, and recovers from the log."""
    site = scene.site
    for _ in range(scene.parameters["stops"]):
        postmaster = site.pid("postgres")
        await scene.strike(lambda: send(signal.SIGQUIT, [postmaster]))
        while site.pid("postgres"):
            await asyncio.sleep(0.05)
        await asyncio.sleep(scene.parameters["away"])
        await scene.do(site.service, "start", "postgres")
        await scene.pause()


async def hang_server(scene: Scene) -> None:
    """Stops every process, the postmaster first so that it makes no more; sockets stay open."""
    postmaster = scene.site.pid("postgres")
    frozen: list[int] = []

    def freeze() -> None:
        send(signal.SIGSTOP, [postmaster])
        frozen.extend(family(postmaster))
        send(signal.SIGSTOP, frozen)

    for _ in range(scene.parameters["times"]):
        try:
            await scene.strike(freeze)
            await asyncio.sleep(scene.parameters["seconds"])
        finally:
            send(signal.SIGCONT, frozen[::-1])
            frozen.clear()
        await scene.pause()


async def kill_postmaster(scene: Scene) -> None:
    """Its children notice and end; the next start recovers from the log."""
    site = scene.site
    for _ in range(scene.parameters["kills"]):
        postmaster = site.pid("postgres")
        await scene.strike(lambda: send(signal.SIGKILL, [postmaster]))
        await asyncio.sleep(scene.parameters["away"])
        await scene.do(site.service, "start", "postgres")
        await scene.pause()


async def restart(scene: Scene) -> None:
    """Restarts it, a fast stop each time."""
    end = time.monotonic() + scene.parameters["seconds"]
    while time.monotonic() < end:
        due = time.monotonic() + scene.parameters["every"]
        await scene.strike(lambda: scene.site.service("restart", "postgres"))
        await asyncio.sleep(max(0, due - time.monotonic()))


async def forget_transaction(scene: Scene) -> None:
    """Locks every hold that there is, inserts some wanted tickets, and does nothing more."""
    prefix = literal(scene.load.tickets.prefix + "hot-")
    for _ in range(scene.parameters["times"]):
        session = await scene.do(Session, scene.site.database)
        try:
            await scene.strike(lambda: session.ask(
                "BEGIN; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '1s'; "
                "SELECT count(*) FROM (SELECT FROM tickets_blocked FOR UPDATE SKIP LOCKED) s"))
            await scene.do(session.ask, f"""
                INSERT INTO tickets_blocked (ticket_id, locked_up)
                SELECT {prefix} || n, now() + interval '1 hour' FROM generate_series(1, 40) n
                ON CONFLICT DO NOTHING; SELECT 1""")
            await asyncio.sleep(scene.parameters["seconds"])
        finally:
            await scene.do(session.close)
        await scene.pause()


async def make_read_only(scene: Scene) -> None:
    """Does what an administrator does who must keep writes out for a while."""
    database, setting = scene.site.database, "default_transaction_read_only"
    for _ in range(scene.parameters["times"]):
        try:
            await scene.strike(lambda: database.sql(
                f"ALTER SYSTEM SET {setting} = on", "SELECT pg_reload_conf()"))
            await asyncio.sleep(scene.parameters["seconds"])
        finally:
            await scene.do(database.sql, f"ALTER SYSTEM RESET {setting}",
                           "SELECT pg_reload_conf()")
        await scene.pause()


# The service insists on synchronous_commit for its sessions; a trigger takes that back.
UNFLUSHED = """
CREATE OR REPLACE FUNCTION chaos_unflushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN NULL; END $$""", """
DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['tickets_blocked', 'holdfast_commits'] LOOP
    CONTINUE WHEN to_regclass(name) IS NULL;
    EXECUTE format('CREATE OR REPLACE TRIGGER chaos_unflushed
      AFTER INSERT OR UPDATE OR DELETE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION chaos_unflushed()', name);
  END LOOP;
END $$"""


async def lose_commits(scene: Scene) -> None:
    """Lets PostgreSQL answer commits that it has not flushed, and stops it at once."""
    site = scene.site
    scene.load.seller.pause()
    await scene.do(site.database.sql, *UNFLUSHED)
    postmaster = site.pid("postgres")
    # This process writes, now and then, what no commit has waited for.
    writer = next((pid for pid in children(postmaster) if Path(
        f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres: walwriter")), None)
    if writer is None:
        raise Failure("PostgreSQL has no walwriter")
    send(signal.SIGSTOP, [writer])
    await asyncio.sleep(scene.parameters["before"])
    await scene.strike(lambda: send(signal.SIGQUIT, [postmaster]))
    send(signal.SIGKILL, [writer])
    while site.pid("postgres"):
        await asyncio.sleep(0.05)
    await scene.do(site.service, "start", "postgres")


FAULTS = (
    Fault("backend-killed", "kill -9 of one session; PostgreSQL restarts all of them",
          kill_backend, {"kills": 8, "pause": 2}, {"kills": 2, "pause": 1}),
    Fault("backends-terminated", "pg_terminate_backend of all of the service's sessions",
          terminate_backends, {"rounds": 20, "pause": 0.7}, {"rounds": 4, "pause": 0.5}),
    Fault("backends-hung", "SIGSTOP of the service's sessions alone for 4.5 s",
          hang_backends, {"times": 8, "seconds": 4.5, "pause": 1.5},
          {"times": 1, "seconds": 4.5, "pause": 1.5}),
    Fault("immediate-stop", "pg_ctl stop -m immediate, and start",
          stop_immediately, {"stops": 4, "away": 1, "pause": 2},
          {"stops": 1, "away": 0.5, "pause": 0.5}),
    Fault("postgres-hung", "SIGSTOP of all of PostgreSQL for 10 s, then SIGCONT",
          hang_server, {"times": 2, "seconds": 10, "pause": 3},
          {"times": 1, "seconds": 3, "pause": 0.5}),
    Fault("postmaster-killed", "kill -9 of the postmaster, and start: crash recovery",
          kill_postmaster, {"kills": 4, "away": 0.5, "pause": 2}),
    Fault("postgres-restarts", "PostgreSQL restarted every 5 s for a minute",
          restart, {"every": 5, "seconds": 60}),
    Fault("forgotten-transaction", "a forgotten transaction keeps every hold locked",
          forget_transaction, {"times": 2, "seconds": 10, "pause": 2}),
    Fault("read-only", "default_transaction_read_only set, and reset",
          make_read_only, {"times": 2, "seconds": 8, "pause": 3}),
    Fault("unflushed", "negative control: commits not flushed, immediate stop",
          lose_commits, {"before": 2}, {"before": 1}, own_site=True, expects_loss=True,
          settings={"HOLDFAST_POSTGRES_OPTIONS": "-c bgwriter_lru_maxpages=0 -c autovacuum=off"}),
)
