"""The files of deploy/patroni as each member has them, and which faults are made of them."""

import unittest

import support  # noqa: F401  it makes the harness importable
from faults import named, patroni
from history import History
from patroni_site import MEMBERS, PatroniSite, address, configuration, environment
from scene import Fault
from support import granted
from trial import Trial, TrialOptions


class Files(unittest.TestCase):
    """What the members share, and what is each one's own."""

    def test_a_member_has_its_own_name_and_address(self):
        for file in ("patroni.yml", "etcd.env"):
            first, second = configuration(file, 1), configuration(file, 2)
            own = [line for line in second.splitlines() if "," not in line]
            self.assertTrue(any("10.0.0.12" in line for line in own), file)
            self.assertFalse([line for line in own if "10.0.0.11" in line or "n1" in line])
            self.assertEqual(first.count("10.0.0.1"), second.count("10.0.0.1"))

    def test_all_members_are_listed_to_each(self):
        for number in MEMBERS:
            listed = next(line for line in configuration("patroni.yml", number).splitlines()
                          if "hosts:" in line)
            for other in MEMBERS:
                self.assertIn(f"{address(other)}:2379", listed)

    def test_variables(self):
        self.assertEqual(environment("# a comment\nA=1\n\nB=2=3\n"), {"A": "1", "B": "2=3"})

    def test_the_time_to_live_is_what_the_faults_expect(self):
        self.assertIn(f"ttl: {patroni.TTL}\n", configuration("patroni.yml", 1))

    def test_what_the_control_takes_out_is_there(self):
        self.assertEqual(configuration("patroni.yml", 1).count("synchronous_mode: true"), 1)


class Members(unittest.TestCase):
    """When a cluster is whole."""

    def whole(self, *members: tuple[str, str], is_synchronous: bool = True) -> bool:
        site = object.__new__(PatroniSite)
        site._is_synchronous = is_synchronous
        site.seen = lambda: {f"n{number}": {"role": role, "state": state}
                             for number, (role, state) in enumerate(members, 1)}
        return site.is_whole()

    def test_whole(self):
        leader, replica = ("leader", "running"), ("replica", "streaming")
        self.assertTrue(self.whole(replica, leader, ("sync_standby", "streaming")))
        self.assertTrue(self.whole(replica, leader, replica, is_synchronous=False))

    def test_not_whole(self):
        leader, replica = ("leader", "running"), ("replica", "streaming")
        self.assertFalse(self.whole())
        self.assertFalse(self.whole(leader, replica, replica))
        self.assertFalse(self.whole(leader, ("sync_standby", "streaming")))
        self.assertFalse(self.whole(leader, replica, ("sync_standby", "in archive recovery")))


class Faults(unittest.TestCase):
    """Names, and how long writes may be away."""

    def test_a_group_and_its_short_form(self):
        self.assertEqual(tuple(named("patroni", False)), patroni.FAULTS)
        self.assertEqual([one.name for one in named("patroni", True)], list(patroni.QUICK))
        self.assertEqual([one.name for one in named("unflushed", True)], ["unflushed"])

    def test_faults_of_one_way_in_share_a_site(self):
        keys = [fault.site_key for fault in patroni.FAULTS]
        self.assertEqual(len(set(keys)), 3)

    def away(self, seconds: float, is_quick: bool = False) -> list[str]:
        async def nothing(_) -> None:
            pass

        trial = Trial(Fault("f", "", nothing, away_seconds=2), None,
                      TrialOptions(None, is_quick), 1)
        history = History([granted(1, 2, "a"), granted(2, 2 + seconds, "b")])
        trial._check_gap(history.longest_gap())
        return [one.kind for one in trial._violations]

    def test_writes_away_for_too_long(self):
        self.assertEqual(self.away(2.5), ["away"])
        self.assertEqual(self.away(1.5), [])
        self.assertEqual(self.away(2.5, is_quick=True), [])


if __name__ == "__main__":
    unittest.main()
