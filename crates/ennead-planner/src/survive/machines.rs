//! Which servers one machine of the provider may carry: the loss of a machine is not the loss of one
//! server where placement groups are several.

use super::layout::Layout;
use super::set::Servers;

/// Most sets that are looked at for a site; beyond it only pairs are.
const SETS_MAX: usize = 4096;

/// Returns the largest sets of servers of one site that may share a machine: at most one of each
/// placement group, for the provider spreads each group over different machines and says nothing
/// about two groups. Sites whose sets are more than [`SETS_MAX`] answer with pairs only.
/// Nothing for a layout without groups.
///
/// Source: Hetzner Cloud API, placement groups of type spread.
#[must_use]
pub fn machines(layout: &Layout) -> Vec<Servers> {
    layout.sites.iter().flat_map(|(_, site)| of_site(layout, *site)).collect()
}

fn of_site(layout: &Layout, site: Servers) -> Vec<Servers> {
    let groups = layout.groups.iter().map(|(_, servers)| servers.and(site));
    let groups: Vec<Servers> = groups.filter(|servers| !servers.is_empty()).collect();
    let sets = groups.iter().try_fold(1, |product: usize, group| product.checked_mul(group.len()));
    if groups.is_empty() {
        Vec::new()
    } else if sets.is_some_and(|sets| sets <= SETS_MAX) {
        groups.iter().fold(vec![Servers::NONE], |sets, group| each_with_each(&sets, *group))
    } else {
        let others = groups
            .iter()
            .enumerate()
            .flat_map(|(at, group)| groups.iter().skip(at + 1).map(|other| (*group, *other)));
        others.flat_map(|(one, other)| each_with_each(&each(one), other)).collect()
    }
}

fn each(servers: Servers) -> Vec<Servers> {
    servers.iter().map(Servers::one).collect()
}

fn each_with_each(sets: &[Servers], group: Servers) -> Vec<Servers> {
    let with = |set: &Servers| {
        let set = *set;
        group.iter().map(move |server| set.or(Servers::one(server)))
    };
    sets.iter().flat_map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::layout;
    use super::*;

    fn set(servers: &[usize]) -> Servers {
        servers.iter().copied().collect()
    }

    #[test]
    fn one_of_each_group_of_a_site_may_share_a_machine() {
        let mut layout = layout(&[0, 0, 0, 1, 1], &[0, 1, 2], &[0, 1], &[0], 1);
        assert_eq!(machines(&layout), []);
        layout.groups =
            vec![("control".to_owned(), set(&[0, 1, 3])), ("services".to_owned(), set(&[2, 4]))];
        assert_eq!(machines(&layout), [set(&[0, 2]), set(&[1, 2]), set(&[3, 4])]);
    }

    #[test]
    fn too_many_sets_are_looked_at_in_pairs() {
        let servers = [0; 50];
        let mut layout = layout(&servers, &[0, 1, 2], &[0, 1], &[0], 1);
        let group = |number: usize| (number * 10..number * 10 + 10).collect::<Servers>();
        layout.groups = (0..5).map(|number| (format!("g{number}"), group(number))).collect();
        let found = machines(&layout);
        // Ten pairs of groups, a hundred pairs of servers of each.
        assert_eq!(found.len(), 1000);
        assert!(found.iter().all(|servers| servers.len() == 2));
        assert!(found.contains(&set(&[0, 49])) && !found.contains(&set(&[0, 9])));
    }
}
