//! A lab's wires as they are configured: distances and the way out, changed between two runs of the
//! daemon.

use crate::catalogue;
use crate::daemon::Lab;
use crate::distance::{self, Distance};
use crate::world::WorldError;
use crate::world::why::Why;

impl Lab {
    /// Changes how far locations are from each other and whether servers reach this machine's
    /// network; the daemon's next start puts that into force. Returns whether anything is new.
    ///
    /// # Errors
    /// When a location does not exist, or the file cannot be written.
    pub fn rewire(&self, distances: &[Distance], egress: Option<bool>) -> Result<bool, WorldError> {
        self.change_wires(distances, egress).map_err(|why| self.error("rewire", why))
    }

    fn change_wires(&self, distances: &[Distance], egress: Option<bool>) -> Result<bool, Why> {
        let mut config = self.read_config()?.ok_or_else(|| Why("it does not exist".to_owned()))?;
        let before = config.clone();
        for distance in distances {
            let unknown = distance.between.iter().find(|name| catalogue::location(name).is_none());
            if let Some(name) = unknown {
                return Err(Why(format!("there is no location {name:?}")));
            }
            distance::put(&mut config.distance, distance);
        }
        config.egress = egress.unwrap_or(config.egress);
        let is_new = config != before;
        if is_new {
            self.save(&config)?;
        }
        Ok(is_new)
    }
}
