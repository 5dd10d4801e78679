"""Three members of Patroni's: what happens to their machines, their agents, etcd and the network."""

import asyncio
import signal
import time
from functools import partial

from Harness.machines import Network
from Harness.processes import Failure, send, wait_until
from faults.demands import demand_all_served
from patroni_site import Member, PatroniSite
from scene import Fault, Scene

TTL = 20  # seconds: as in deploy/patroni/patroni.yml

# When etcd's leader is lost with the primary, the next one grants the primary's lock its whole time
# anew, 1 to 3 s later; and Patroni waits 2 s for a member that is silent.
MACHINE = TTL + 7


async def switch_over(scene: Scene) -> None:
    """`patronictl switchover`, to the standby that commits wait for."""
    site, start = scene.site, time.monotonic()
    leader, standby = site.member("leader"), site.member("sync_standby")
    scene.load.mark()
    await scene.do(site.patronictl, "switchover", "holdfast", "--leader", leader.name,
                   "--candidate", standby.name, "--force")
    await whole_again(scene)
    demand_all_served(scene, start)


async def kill_postmaster(scene: Scene) -> None:
    """kill -9 of the primary's postmaster; Patroni starts it, or promotes a standby."""
    leader = scene.site.member("leader")
    await scene.strike(lambda: send(signal.SIGKILL, [leader.postmaster]))
    # Patroni looks for it in its next round.
    await asyncio.sleep(5)
    await whole_again(scene)


async def kill_member(scene: Scene) -> None:
    """kill -9 of all of the primary and its Patroni; etcd runs on."""
    leader = scene.site.member("leader")
    await scene.strike(leader.kill_agent)
    await succeeded(scene, leader)


async def lose_machine(scene: Scene) -> None:
    """The primary's machine is lost, with its etcd; it may have been cut off for a while before."""
    site = scene.site
    leader = site.member("leader")
    if scene.parameters["cut"]:
        await scene.do(leader.cut, site.others(leader))
        with scene.load.surge():
            await asyncio.sleep(scene.parameters["cut"])
    await scene.strike(leader.stop)
    await succeeded(scene, leader, lambda: leader.mend(site.others(leader)))


async def suspend_agent(scene: Scene) -> None:
    """SIGSTOP of the primary's Patroni: for a while there are two servers that accept writes."""
    leader = scene.site.member("leader")
    await scene.strike(lambda: send(signal.SIGSTOP, leader.agent))
    await succeeded(scene, leader)


async def lose_quorum(scene: Scene) -> None:
    """Two of three etcds hang for a while."""
    victims = scene.chance.sample(scene.site.members, 2)
    pids = [pid for member in victims for pid in member.etcd]
    await scene.strike(lambda: send(signal.SIGSTOP, pids))
    await asyncio.sleep(scene.parameters["seconds"])
    send(signal.SIGCONT, pids)
    await whole_again(scene)


async def reinitialise(scene: Scene) -> None:
    """`patronictl reinit` of the standby that commits wait for."""
    site = scene.site
    standby = site.member("sync_standby")
    scene.load.mark()
    await scene.do(site.patronictl, "reinit", "holdfast", standby.name, "--force", "--wait")
    await whole_again(scene)


async def cut_network(scene: Scene) -> None:
    """The primary's machine reaches Holdfast, but no other member and no other etcd."""
    site = scene.site
    leader = site.member("leader")
    await scene.strike(lambda: leader.cut(site.others(leader)))
    await succeeded(scene, leader, lambda: leader.mend(site.others(leader)))


async def unplug(scene: Scene) -> None:
    """The primary's machine reaches nobody."""
    leader = scene.site.member("leader")
    await scene.strike(leader.unplug)
    await succeeded(scene, leader, leader.plug)


async def succeeded(scene: Scene, leader: Member, mend=None) -> None:
    """Waits for another primary, lets it serve for a while, and gives the old one back."""
    site = scene.site
    await demand_soon(scene, wait_until, lambda: site.has_successor(leader), 2 * TTL,
                      "no other member has become the primary")
    await asyncio.sleep(scene.parameters["after"])
    if mend:
        await scene.do(mend)
    # Here, because the kernel ends what a thread has started with the thread.
    site.revive()
    await whole_again(scene)


async def whole_again(scene: Scene) -> None:
    """Waits until every member does its part again; the load goes on meanwhile."""
    await demand_soon(scene, scene.site.wait_until_whole)
    await asyncio.sleep(1)


async def demand_soon(scene: Scene, wait, *arguments) -> None:
    """Waits, and does not let it end the run if that was in vain."""
    try:
        await scene.do(wait, *arguments)
    except Failure as failure:
        scene.demand(False, str(failure))


def patroni_faults(suffix: str, way: str, **how) -> tuple[Fault, ...]:
    """The faults by one way in."""
    def fault(name: str, description: str, inject, away: float, **parameters) -> Fault:
        return Fault(f"patroni-{name}{suffix}", f"{description}{way}", inject,
                     {"after": 4, **parameters}, away_seconds=away, kind=f"patroni{suffix}",
                     make_site=partial(PatroniSite, **how), obstacle=Network.obstacle,
                     needs=("need_for_machines", "need_for_patroni"))

    return (
        fault("switchover", "patronictl switchover", switch_over, 2),
        fault("postmaster-killed", "kill -9 of the primary's postmaster", kill_postmaster, 5),
        fault("member-killed", "kill -9 of the primary and its agent", kill_member, TTL + 3),
        fault("machine-lost", "the primary's machine lost, etcd included", lose_machine, MACHINE,
              cut=0),
        fault("agent-suspended", "SIGSTOP of the primary's agent", suspend_agent, TTL + 3),
        # A second is what a busy machine may take anyway.
        fault("etcd-away", "two of three etcds hang for 25 s", lose_quorum, 1, seconds=25),
        fault("reinit", "patronictl reinit of the synchronous standby", reinitialise, 5),
        fault("network-cut", "the primary cut off from the other members, not from Holdfast",
              cut_network, MACHINE),
        fault("unplugged", "the primary cut off from everybody", unplug, MACHINE),
    )


FAULTS = (
    *patroni_faults("", ""),
    *patroni_faults("-haproxy", ", through HAProxy", has_proxy=True),
    Fault("patroni-asynchronous", "negative control: synchronous_mode: false, the primary cut off "
          "for 2 s, then lost", lose_machine, {"cut": 2, "after": 1}, expects_loss=True,
          make_site=partial(PatroniSite, is_synchronous=False), obstacle=Network.obstacle,
          needs=("need_for_machines", "need_for_patroni")),
)
QUICK = ("patroni-switchover", "patroni-postmaster-killed")
