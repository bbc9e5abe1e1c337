//! Damaged databases, put out of the way whole: whoever mends or reads them needs every byte.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Most damaged journals that are kept. A disk that damages more is to be replaced, and the agent does not start on it.
const KEPT: u32 = 100;

/// What SQLite keeps beside a database. The log first: a log without its database harms nobody, but a new database would take an
/// old log for its own.
const PARTS: [&str; 3] = ["-wal", "-shm", ""];

/// Puts a database aside under a name of its own, `<name>.corrupt-<n>`, and never over another. Returns that name.
///
/// The database must be closed.
///
/// # Errors
/// The system refused, or there are too many already; what was not renamed is where it was.
pub fn keep(database: &Path) -> io::Result<PathBuf> {
    let free = (1..=KEPT).map(|n| beside(database, &format!(".corrupt-{n}"))).find(|aside| !taken(aside));
    let aside = free.ok_or_else(|| io::Error::other("too many damaged databases are here already"))?;
    rename(database, &aside)?;
    Ok(aside)
}

/// Puts a database aside as `<name>.corrupt`, over one that was put there before. Returns that name.
///
/// The database must be closed.
///
/// # Errors
/// The system refused; what was not renamed is where it was.
pub fn replace(database: &Path) -> io::Result<PathBuf> {
    let aside = beside(database, ".corrupt");
    // An older log must not stand beside a newer database.
    for part in PARTS {
        match fs::remove_file(beside(&aside, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    rename(database, &aside)?;
    Ok(aside)
}

/// The damaged databases that were kept, for as long as nobody takes them away.
pub fn kept(database: &Path) -> Vec<PathBuf> {
    (1..=KEPT).map(|n| beside(database, &format!(".corrupt-{n}"))).filter(|aside| aside.exists()).collect()
}

fn rename(database: &Path, aside: &Path) -> io::Result<()> {
    for part in PARTS {
        match fs::rename(beside(database, part), beside(aside, part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !part.is_empty() => {}
            renamed => renamed?,
        }
    }
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Whether any part of a database stands under this name: a log may have been renamed before the power went.
fn taken(aside: &Path) -> bool {
    PARTS.iter().any(|part| beside(aside, part).exists())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_database_never_takes_the_place_of_another_and_keeps_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        for round in 1..=2 {
            fs::write(&path, format!("file {round}")).unwrap();
            fs::write(beside(&path, "-wal"), format!("log {round}")).unwrap();
            assert_eq!(keep(&path).unwrap(), beside(&path, &format!(".corrupt-{round}")));
            assert!(!path.exists() && !beside(&path, "-wal").exists());
        }
        assert_eq!(fs::read_to_string(beside(&path, ".corrupt-1-wal")).unwrap(), "log 1");
        assert_eq!(kept(&path).len(), 2);
    }

    #[test]
    fn only_so_many_are_kept_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        for _ in 0..KEPT {
            fs::write(&path, "damaged").unwrap();
            keep(&path).unwrap();
        }
        fs::write(&path, "one more").unwrap();
        assert!(keep(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one more");
    }

    #[test]
    fn of_what_can_be_fetched_again_one_copy_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db");
        for round in 1..=2 {
            fs::write(&path, format!("file {round}")).unwrap();
            replace(&path).unwrap();
        }
        assert_eq!(fs::read_to_string(beside(&path, ".corrupt")).unwrap(), "file 2");
        assert!(!path.exists());
    }
}
