//! States as 128 bits each, so that millions of them fit into memory.
//!
//! A state whose bits are another one's would not be explored. With ten million states the odds of one
//! such pair are below 1 in 10^24, if the mixing is as good as random.

use std::hash::{Hash, Hasher};

/// Returns 128 bits of a value.
pub(super) fn bits(value: &impl Hash) -> u128 {
    let mut mixer = Mixer { lanes: [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f] };
    value.hash(&mut mixer);
    u128::from(mixer.finish()) << 64 | u128::from(mixer.lanes[1])
}

/// Two lanes of multiply and rotate, with odd constants of other mixers (XXH64 and others). Faster than
/// the standard hasher, which is made for hostile input.
struct Mixer {
    lanes: [u64; 2],
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word) ^ (chunk.len() as u64) << 56);
        }
    }

    fn write_u64(&mut self, word: u64) {
        let [one, other] = &mut self.lanes;
        *one = (one.rotate_left(23) ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
        *other = (other.rotate_left(31) ^ word.wrapping_mul(0xc2b2_ae3d_27d4_eb4f))
            .wrapping_mul(0x9e37_79b1_85eb_ca87);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        let [one, other] = self.lanes;
        (one ^ one >> 29 ^ other.rotate_left(17)).wrapping_mul(0x1656_67b1_9e37_79f9)
    }
}
