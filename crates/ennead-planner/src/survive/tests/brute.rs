//! A second answer, by playing: every instance has a log, every vote is counted, Patroni's loop is
//! walked. It shares nothing with the answer that it judges but the words of the layout.

/// One server of the play.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Machine {
    pub(super) site: usize,
    pub(super) runs: bool,
    pub(super) voter: bool,
    pub(super) database: bool,
    pub(super) balancer: bool,
    /// Number of the last commit that it has.
    pub(super) log: u32,
}

/// What Patroni keeps in etcd under /sync and /failsafe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Agreed {
    leader: usize,
    standbys: Vec<usize>,
    /// How many standbys confirm a commit.
    confirm: usize,
    /// How many others must not be ahead of a candidate.
    quorum: usize,
    failsafe: Vec<usize>,
}

/// What the play ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// There is a primary, and it has every acknowledged commit.
    Writes,
    /// There is none; some instance that runs has every acknowledged commit.
    Stopped,
    /// There is none, and no instance that runs has all of them.
    Lost,
    /// No instance runs.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Play {
    pub(super) machines: Vec<Machine>,
    /// Which sites do not see each other: group of each site.
    pub(super) groups: Vec<usize>,
    synchronous: usize,
    agreed: Agreed,
    primary: Option<usize>,
    last: u32,
}

impl Play {
    /// Begins with everything well and the primary on this server.
    pub(super) fn begin(machines: Vec<Machine>, synchronous: usize, primary: usize) -> Self {
        let sites = machines.iter().map(|it| it.site).max().unwrap_or(0) + 1;
        let agreed =
            Agreed { leader: primary, standbys: vec![], confirm: 0, quorum: 0, failsafe: vec![] };
        let primary = Some(primary);
        let groups = vec![0; sites];
        let mut play = Self { machines, groups, synchronous, agreed, primary, last: 0 };
        play.write_down_who_confirms();
        play
    }

    fn sees(&self, one: usize, other: usize) -> bool {
        let (a, b) = (&self.machines[one], &self.machines[other]);
        a.runs && b.runs && self.groups[a.site] == self.groups[b.site]
    }

    fn has_etcd(&self, who: usize) -> bool {
        let mut votes = 0;
        let mut all = 0;
        for (index, machine) in self.machines.iter().enumerate() {
            if machine.voter {
                all += 1;
                if self.sees(who, index) {
                    votes += 1;
                }
            }
        }
        votes * 2 > all
    }

    /// The primary lists the replicas that run beside it, all caught up.
    fn write_down_who_confirms(&mut self) {
        let Some(primary) = self.primary else { return };
        if !self.has_etcd(primary) {
            return;
        }
        let mut standbys = Vec::new();
        for index in 0..self.machines.len() {
            if index != primary && self.machines[index].database && self.sees(primary, index) {
                self.machines[index].log = self.last;
                standbys.push(index);
            }
        }
        let confirm =
            if standbys.len() < self.synchronous { standbys.len() } else { self.synchronous };
        let mut failsafe = standbys.clone();
        failsafe.push(primary);
        let quorum = standbys.len() - confirm;
        self.agreed = Agreed { leader: primary, standbys, confirm, quorum, failsafe };
    }

    /// Returns every way in which one more commit can be acknowledged: by whom it was confirmed.
    pub(super) fn commits(&self) -> Vec<Self> {
        let Some(primary) = self.primary else { return vec![self.clone()] };
        let standbys = &self.agreed.standbys;
        let mut ways = Vec::new();
        for chosen in 0..1_usize << standbys.len() {
            let who: Vec<usize> = (0..standbys.len())
                .filter(|bit| chosen >> bit & 1 == 1)
                .map(|bit| standbys[bit])
                .collect();
            if who.len() == self.agreed.confirm && who.iter().all(|it| self.sees(primary, *it)) {
                let mut way = self.clone();
                way.last += 1;
                way.machines[primary].log = way.last;
                for index in who {
                    way.machines[index].log = way.last;
                }
                ways.push(way);
            }
        }
        ways
    }

    /// Patroni's loop on every instance after something happened: who is primary now? Several when
    /// several may win the race.
    pub(super) fn react(&self) -> Vec<Self> {
        let mut now = self.clone();
        if let Some(primary) = now.primary {
            let keeps = now.machines[primary].runs
                && (now.has_etcd(primary)
                    || now.agreed.failsafe.iter().all(|member| now.sees(primary, *member)));
            if keeps {
                return vec![now];
            }
            now.primary = None;
        }
        let mut ends = Vec::new();
        for candidate in 0..now.machines.len() {
            if now.may_lead(candidate) {
                let mut end = now.clone();
                end.primary = Some(candidate);
                assert_eq!(end.machines[candidate].log, end.last, "a commit is lost: {end:?}");
                ends.push(end);
            }
        }
        if ends.is_empty() { vec![now] } else { ends }
    }

    fn may_lead(&self, candidate: usize) -> bool {
        let machine = &self.machines[candidate];
        if !machine.database || !machine.runs || !self.has_etcd(candidate) {
            return false;
        }
        if self.agreed.leader == candidate {
            return true;
        }
        if !self.agreed.standbys.contains(&candidate) {
            return false;
        }
        let mut not_ahead = 0;
        for (other, its) in self.machines.iter().enumerate() {
            if other == candidate || !its.database || !self.sees(candidate, other) {
                continue;
            }
            if its.log > machine.log || other == self.agreed.leader {
                return false;
            }
            if self.agreed.standbys.contains(&other) {
                not_ahead += 1;
            }
        }
        not_ahead >= self.agreed.quorum
    }

    /// The primary, if any, writes down who confirms from now on.
    pub(super) fn settle(&mut self) {
        self.write_down_who_confirms();
    }

    /// Numbers the commits anew, so that plays that differ in nothing else are equal.
    pub(super) fn renumber(&mut self) {
        let mut numbers: Vec<u32> = self.machines.iter().map(|it| it.log).collect();
        numbers.push(self.last);
        numbers.sort_unstable();
        numbers.dedup();
        let rank = |log: u32| u32::try_from(numbers.binary_search(&log).unwrap()).unwrap();
        for machine in &mut self.machines {
            machine.log = rank(machine.log);
        }
        self.last = rank(self.last);
    }

    pub(super) fn end(&self) -> End {
        let mut copies = self.machines.iter().filter(|it| it.database && it.runs).peekable();
        if self.primary.is_some() {
            End::Writes
        } else if copies.peek().is_none() {
            End::Gone
        } else if copies.any(|it| it.log == self.last) {
            End::Stopped
        } else {
            End::Lost
        }
    }

    /// Returns whether a load balancer is left that reaches the primary; any when there is none.
    pub(super) fn has_entry(&self) -> bool {
        self.machines.iter().enumerate().any(|(index, machine)| {
            machine.balancer
                && machine.runs
                && self.primary.is_none_or(|primary| self.sees(primary, index))
        })
    }

    /// Returns whether users of every site of an entry come in: by its address there, which one of
    /// these servers of the site answers, or by its name, which somebody changes who has etcd.
    pub(super) fn users_come_in(&self, sites: &[Vec<usize>], has_name: bool) -> bool {
        let answers = |server: &usize| {
            self.machines[*server].runs
                && self.primary.is_none_or(|primary| self.sees(primary, *server))
        };
        let mut addresses = Vec::new();
        for holders in sites {
            addresses.push(holders.iter().any(answers));
        }
        let name_is_right = has_name && (0..self.machines.len()).any(|who| self.has_etcd(who));
        addresses.iter().all(|works| *works || name_is_right && addresses.contains(&true))
    }
}
