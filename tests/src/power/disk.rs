//! A disk, as far as a power cut matters: what is on it for sure, and what was only asked of it.
//!
//! What was synced is there. Of what was written to a file after its last sync, any part may be: the disk keeps no order, and works in
//! sectors. Names come and go in order, as a journalling file system keeps them, and are there for sure once their folder was synced.

use std::collections::BTreeMap;
use touchpoint_sim::random::Random;

use super::recorder::{Event, Inode};

/// What a disk writes whole or not at all, in bytes; many write more at once, none less.
const SECTOR: u64 = 512;

/// The files at the next boot, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What becomes of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// All of it is there: the process was killed, and the power stayed.
    Kept,
    /// None of it is.
    Lost,
    /// The last write was under way: some of its sectors are there. All before it is.
    Torn,
    /// Any of it is there, some writes in part.
    Scattered,
}

/// A disk.
#[derive(Debug, Default, Clone)]
pub struct Disk {
    files: Vec<File>,
    names: BTreeMap<String, Inode>,
    /// What became of names since the folder was synced.
    renamed: Vec<(String, Option<Inode>)>,
}

#[derive(Debug, Default, Clone)]
struct File {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl Disk {
    /// Does what was asked of it.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Create(inode, name) => {
                self.files.resize_with(self.files.len().max(inode + 1), File::default);
                self.renamed.push((name.clone(), Some(*inode)));
            }
            Event::Delete(name) => self.renamed.push((name.clone(), None)),
            Event::FolderSynced => {
                let renamed = std::mem::take(&mut self.renamed);
                rename(&mut self.names, &renamed);
            }
            Event::Write(inode, offset, bytes) => {
                self.files[*inode].pending.push(Change::Write(*offset, bytes.clone()));
            }
            Event::Truncate(inode, size) => self.files[*inode].pending.push(Change::Truncate(*size)),
            Event::Sync(inode) => {
                let file = &mut self.files[*inode];
                for change in std::mem::take(&mut file.pending) {
                    change.apply(&mut file.synced, &mut |_| true);
                }
            }
        }
    }

    /// What is there after a cut.
    pub fn after_cut(&self, fate: Fate, random: &mut Random) -> Files {
        let mut names = self.names.clone();
        let kept = match fate {
            Fate::Kept | Fate::Torn => self.renamed.len(),
            Fate::Lost => 0,
            Fate::Scattered => random.below(self.renamed.len() as u32 + 1) as usize,
        };
        rename(&mut names, &self.renamed[..kept]);
        names.into_iter().map(|(name, inode)| (name, self.files[inode].after_cut(fate, random))).collect()
    }
}

impl File {
    fn after_cut(&self, fate: Fate, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for (at, change) in self.pending.iter().enumerate() {
            let last = at + 1 == self.pending.len();
            match (fate, random.below(4)) {
                (Fate::Lost, _) | (Fate::Scattered, 0) => {}
                (Fate::Kept, _) | (Fate::Scattered, 1 | 2) => change.apply(&mut bytes, &mut |_| true),
                (Fate::Torn, _) if !last => change.apply(&mut bytes, &mut |_| true),
                (Fate::Torn | Fate::Scattered, _) => change.apply(&mut bytes, &mut |_| random.percent(50)),
            }
        }
        bytes
    }
}

impl Change {
    /// Does it to the sectors that are to be kept; a length is kept whole or not at all.
    fn apply(&self, file: &mut Vec<u8>, keep: &mut dyn FnMut(u64) -> bool) {
        match self {
            Change::Truncate(size) => {
                if keep(0) {
                    file.resize(*size as usize, 0);
                }
            }
            Change::Write(offset, bytes) => {
                let end = offset + bytes.len() as u64;
                for sector in offset / SECTOR..end.div_ceil(SECTOR) {
                    if keep(sector) {
                        let (from, to) = ((sector * SECTOR).max(*offset), ((sector + 1) * SECTOR).min(end));
                        // What lies between the old end and here was never written: zeros.
                        file.resize(file.len().max(to as usize), 0);
                        let written = &bytes[(from - offset) as usize..(to - offset) as usize];
                        file[from as usize..to as usize].copy_from_slice(written);
                    }
                }
            }
        }
    }
}

fn rename(names: &mut BTreeMap<String, Inode>, renamed: &[(String, Option<Inode>)]) {
    for (name, inode) in renamed {
        match inode {
            Some(inode) => drop(names.insert(name.clone(), *inode)),
            None => drop(names.remove(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(events: &[Event]) -> Disk {
        let mut disk = Disk::default();
        events.iter().for_each(|event| disk.apply(event));
        disk
    }

    fn after(disk: &Disk, fate: Fate) -> Option<Vec<u8>> {
        disk.after_cut(fate, &mut Random::new(1)).remove("a")
    }

    fn write(byte: u8) -> Event {
        Event::Write(0, 0, vec![byte; 1024])
    }

    #[test]
    fn what_was_synced_is_there_and_nothing_else_is_sure() {
        let create = Event::Create(0, "a".to_owned());
        let disk = disk(&[create, Event::FolderSynced, write(1), Event::Sync(0), write(2), write(3)]);
        assert_eq!(after(&disk, Fate::Lost).unwrap(), [1; 1024]);
        assert_eq!(after(&disk, Fate::Kept).unwrap(), [3; 1024]);
        let torn: Vec<Vec<u8>> =
            (0..50).map(|seed| disk.after_cut(Fate::Torn, &mut Random::new(seed))["a"].clone()).collect();
        assert!(torn.iter().all(|bytes| bytes.chunks(512).all(|sector| sector == [2; 512] || sector == [3; 512])));
        assert!(torn.iter().any(|bytes| bytes[0] != bytes[1023]), "half of it is there");
        let scattered = (0..50).map(|seed| disk.after_cut(Fate::Scattered, &mut Random::new(seed))["a"][0]);
        assert_eq!(scattered.collect::<std::collections::BTreeSet<_>>(), [1, 2, 3].into());
    }

    #[test]
    fn a_name_is_sure_when_its_folder_was_synced() {
        let made = [Event::Create(0, "a".to_owned()), write(1), Event::Sync(0)];
        assert_eq!(after(&disk(&made), Fate::Lost), None);
        let gone = [&made[..], &[Event::FolderSynced, Event::Delete("a".to_owned())]].concat();
        assert_eq!(after(&disk(&gone), Fate::Lost).unwrap(), [1; 1024]);
        assert_eq!(after(&disk(&gone), Fate::Kept), None);
    }
}
