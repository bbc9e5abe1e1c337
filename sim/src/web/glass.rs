//! The glass as a picture for the page: encoded once for each change, however many look.

use crate::screen::Glass;
use axum::body::Bytes;
use std::sync::Arc;
use tokio::{sync::Mutex, task::spawn_blocking};

/// Pictures of a glass. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Pictures {
    glass: Glass,
    last: Arc<Mutex<Option<(u64, Bytes)>>>,
}

impl Pictures {
    pub(super) fn of(glass: Glass) -> Pictures {
        Pictures { glass, last: Arc::default() }
    }

    /// What is on the glass now; nothing if it cannot be encoded.
    pub(super) async fn now(&self) -> Option<Bytes> {
        // Whoever comes second waits for the first, and has the same picture.
        let mut last = self.last.lock().await;
        let count = *self.glass.changes().borrow();
        if let Some((of, png)) = &*last
            && *of == count
        {
            return Some(png.clone());
        }
        let glass = self.glass.clone();
        let png: Bytes = spawn_blocking(move || glass.png()).await.ok()?.ok()?.into();
        *last = Some((count, png.clone()));
        Some(png)
    }
}
