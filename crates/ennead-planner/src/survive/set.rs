//! A set of servers, as bits: sets are compared by the million.

/// Most servers that a set can hold.
pub const SERVERS_MAX: usize = 128;

/// A set of servers by their index in the layout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Servers(u128);

impl Servers {
    /// No server.
    pub const NONE: Self = Self(0);

    /// Returns the set of one server; an index beyond the largest gives none.
    #[must_use]
    pub fn one(index: usize) -> Self {
        let shift = u32::try_from(index).unwrap_or(u32::MAX);
        Self(1_u128.checked_shl(shift).unwrap_or(0))
    }

    /// Returns the set with these bits.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns its bits.
    #[must_use]
    pub fn bits(self) -> u128 {
        self.0
    }

    /// Returns the servers of either set.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the servers of both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the servers that are not in the other set.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns whether the server is in it.
    #[must_use]
    pub fn has(self, index: usize) -> bool {
        !self.and(Self::one(index)).is_empty()
    }

    /// Returns whether every server is in the other set.
    #[must_use]
    pub fn within(self, other: Self) -> bool {
        self.minus(other).is_empty()
    }

    /// Returns the indexes, smallest first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let index = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some(index)
        })
    }
}

impl FromIterator<usize> for Servers {
    fn from_iter<I: IntoIterator<Item = usize>>(indexes: I) -> Self {
        indexes.into_iter().fold(Self::NONE, |set, index| set.or(Self::one(index)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave_as_sets() {
        let set: Servers = [0, 3, 127, 128].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 3, 127]);
        assert_eq!((set.len(), set.has(3), set.has(4)), (3, true, false));
        assert!(Servers::one(3).within(set) && !set.within(Servers::one(3)));
        assert_eq!(set.minus(Servers::one(0)).or(Servers::one(0)), set);
        assert_eq!(Servers::NONE.iter().next(), None);
    }
}
