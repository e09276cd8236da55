//! Files that an instance keeps in memory.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use bytes::Bytes;

/// The largest file that is kept, and the most that all of them take, in bytes.
const MAX_FILE: u64 = 1 << 20;
const MAX_TOTAL: u64 = 16 << 20;

/// Files by path. The first that fit stay; the page is small and its files are as good as each other.
pub struct Cache(LazyLock<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    files: HashMap<String, Bytes>,
    total: u64,
}

impl Cache {
    /// An empty cache.
    pub const fn new() -> Self {
        Self(LazyLock::new(Mutex::default))
    }

    /// The file `path` under `root`, which has to have `size` bytes: another size is another build.
    pub fn read(&self, root: &str, path: &str, size: u64) -> Result<Bytes, String> {
        let kept = |this: &Self| {
            let kept = this.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.files.get(path).cloned()
        };
        if let Some(bytes) = kept(self) {
            return Ok(bytes);
        }
        let bytes =
            std::fs::read(format!("{root}{path}")).map_err(|error| format!("{path}: {error}"))?;
        if bytes.len() as u64 != size {
            return Err(format!(
                "{path} has {} bytes, and {size} when it was built",
                bytes.len()
            ));
        }
        let bytes = Bytes::from(bytes);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if size <= MAX_FILE && kept.total + size <= MAX_TOTAL {
            kept.total += size;
            kept.files.insert(path.to_owned(), bytes.clone());
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_and_only_at_its_size() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_str().unwrap();
        std::fs::write(dir.path().join("a"), "first").unwrap();
        let cache = Cache::new();
        assert!(cache.read(root, "/a", 6).is_err());
        assert!(cache.read(root, "/b", 1).is_err());
        assert_eq!(cache.read(root, "/a", 5).unwrap(), "first");
        std::fs::write(dir.path().join("a"), "other").unwrap();
        assert_eq!(cache.read(root, "/a", 5).unwrap(), "first");
    }

    #[test]
    fn what_is_large_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_str().unwrap();
        let size = MAX_FILE + 1;
        std::fs::write(dir.path().join("a"), vec![1; size as usize]).unwrap();
        let cache = Cache::new();
        assert_eq!(cache.read(root, "/a", size).unwrap()[0], 1);
        std::fs::write(dir.path().join("a"), vec![2; size as usize]).unwrap();
        assert_eq!(cache.read(root, "/a", size).unwrap()[0], 2);
    }
}
