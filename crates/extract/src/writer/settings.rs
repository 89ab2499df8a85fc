//! Where files of the package end.

use crate::settings::ResourceSettings;

/// What decides where files end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriterSettings {
    pub(crate) file_max_items: u64,
    pub(crate) file_max_bytes: u64,
    pub(crate) disable_compression: bool,
}

impl From<ResourceSettings> for WriterSettings {
    fn from(settings: ResourceSettings) -> Self {
        Self {
            file_max_items: settings.file_max_items.get(),
            file_max_bytes: settings.file_max_bytes.get(),
            disable_compression: settings.disable_compression,
        }
    }
}
