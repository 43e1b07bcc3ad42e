//! Which image a server is made from.

use ennead_model::Catalogue;
use ennead_model::catalogue::CatalogueServerType;

use crate::state::{Code, Refusal, State};

/// Architecture of the system images in the catalogue.
const SYSTEM_ARCHITECTURE: &str = "x86";

/// What a server's disk begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChosenImage {
    /// The system image, or the one beneath a snapshot.
    pub(crate) base: String,
    /// The snapshot or backup.
    pub(crate) snapshot: Option<u64>,
}

impl State {
    /// Finds an image that a server of that type with that disk can be made from: a system image by
    /// id or name, or a snapshot or backup by id.
    pub(crate) fn choose_image(
        &self,
        wanted: &str,
        server_type: &CatalogueServerType,
        disk_gb: u64,
    ) -> Result<ChosenImage, Refusal> {
        let invalid = |message: String| Refusal::new(Code::InvalidInput, message);
        let mut systems = Catalogue::embedded().images.iter();
        let is_it = |id: u64, name: &str| name == wanted || wanted.parse() == Ok(id);
        if let Some(system) = systems.find(|image| is_it(image.id, &image.name)) {
            check_architecture(SYSTEM_ARCHITECTURE, server_type)?;
            return Ok(ChosenImage { base: system.name.clone(), snapshot: None });
        }
        let own = wanted.parse().ok().and_then(|id: u64| self.images.get(&id));
        let record = own.ok_or_else(|| invalid(format!("image '{wanted}' not found")))?;
        if record.image.status != "available" {
            return Err(invalid(format!("image '{wanted}' is not available")));
        }
        check_architecture(&record.image.architecture, server_type)?;
        if record.image.disk_size > whole(disk_gb) {
            return Err(invalid("image disk is bigger than server type disk".to_owned()));
        }
        Ok(ChosenImage { base: record.base.clone(), snapshot: Some(record.id) })
    }
}

fn check_architecture(image: &str, server_type: &CatalogueServerType) -> Result<(), Refusal> {
    if image == server_type.architecture {
        return Ok(());
    }
    let message = "image is not compatible with the architecture of the server type";
    Err(Refusal::new(Code::InvalidInput, message))
}

#[expect(clippy::cast_precision_loss, reason = "disks have thousands of GB at most")]
fn whole(gigabytes: u64) -> f64 {
    gigabytes as f64
}
