//! Between SQLite and the file system: the writes, truncations, syncs and names of one folder, in the order in which they happened.
//!
//! SQLite reaches files through a table of functions, its VFS. This registers a copy of its own, as the default, in which the
//! functions that change a disk go through here; all others are SQLite's. So a vault is recorded as it is, SQLCipher included, and
//! what is recorded is encrypted as on any disk.
#![allow(unsafe_code)]

use std::{
    collections::{BTreeMap, HashMap},
    ffi::{CStr, CString, OsStr, c_char, c_int, c_void},
    mem,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    ptr, slice,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};
use touchpoint_vault::rusqlite::ffi::{
    SQLITE_OK, sqlite3_file, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

/// A file, whatever its name: its place among those that were made.
pub type Inode = usize;

/// What happened to the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A new, empty file got this name.
    Create(Inode, String),
    /// This name is gone, and with it the file.
    Delete(String),
    /// The folder was synced: names are what they are.
    FolderSynced,
    /// Bytes were written at this place.
    Write(Inode, u64, Vec<u8>),
    /// The file got this length.
    Truncate(Inode, u64),
    /// The file was synced.
    Sync(Inode),
}

/// What is recorded of one folder.
#[derive(Debug)]
struct Recording {
    folder: PathBuf,
    events: Vec<Event>,
    names: HashMap<String, Inode>,
    inodes: usize,
    /// What SQLite has open, by the address of its handle.
    open: HashMap<usize, Inode>,
}

/// One recording at a time: the functions of a VFS are given nothing by which they could know several.
static RECORDING: Mutex<Option<Recording>> = Mutex::new(None);

/// SQLite's own functions.
static BELOW: OnceLock<Below> = OnceLock::new();

/// The tables that stand in for SQLite's, by the address of what they stand for: it has one for each kind of file.
static TABLES: Mutex<BTreeMap<usize, &'static Table>> = Mutex::new(BTreeMap::new());

/// The functions of an open file. Ours come first, so that their address is the table's.
#[repr(C)]
struct Table {
    ours: sqlite3_io_methods,
    below: sqlite3_io_methods,
}

type OpenDirectory = unsafe extern "C" fn(*const c_char, *mut c_int) -> c_int;

struct Below {
    vfs: sqlite3_vfs,
    open_directory: OpenDirectory,
}

// SAFETY: SQLite itself calls these functions from every thread, and its VFS is never written after it was registered.
unsafe impl Send for Below {}
// SAFETY: as above.
unsafe impl Sync for Below {}

/// Records what SQLite does in this folder from now on, until [`stop`].
///
/// # Panics
/// Another recording runs, or SQLite has no VFS of the usual kind.
pub fn start(folder: &Path) {
    BELOW.get_or_init(register);
    let recording = Recording {
        folder: folder.to_owned(),
        events: Vec::new(),
        names: HashMap::new(),
        inodes: 0,
        open: HashMap::new(),
    };
    assert!(lock().replace(recording).is_none(), "one recording at a time");
}

/// How many events there are.
///
/// # Panics
/// No recording runs.
pub fn position() -> usize {
    lock().as_ref().expect("a recording").events.len()
}

/// Ends the recording.
///
/// # Panics
/// No recording runs.
pub fn stop() -> Vec<Event> {
    lock().take().expect("a recording").events
}

fn lock() -> MutexGuard<'static, Option<Recording>> {
    // A test that failed elsewhere left nothing half-done in here.
    RECORDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts the recorder below every database that this process opens from now on.
fn register() -> Below {
    // SAFETY: a null name asks for the default VFS, which lives as long as the process.
    let below = unsafe { *sqlite3_vfs_find(ptr::null()) };
    let name = CString::new("recorder").unwrap().into_raw();
    let above = sqlite3_vfs { zName: name, pNext: ptr::null_mut(), xOpen: Some(open), xDelete: Some(delete), ..below };
    // SAFETY: the copy and its name are leaked, so SQLite may keep them. The functions of SQLite's that stay in it look at nothing of
    // the VFS they are given but `pAppData` and `mxPathname`, which are the same.
    unsafe {
        assert_eq!(sqlite3_vfs_register(Box::into_raw(Box::new(above)), 1), SQLITE_OK);
        let vfs = sqlite3_vfs_find(below.zName);
        let syscall = c"openDirectory".as_ptr();
        let original = below.xGetSystemCall.unwrap()(vfs, syscall).expect("SQLite opens folders to sync them");
        // Of the system calls that SQLite lets one replace, the one that it makes to sync a folder, and for nothing else.
        let ours = mem::transmute::<OpenDirectory, unsafe extern "C" fn()>(open_directory);
        assert_eq!(below.xSetSystemCall.unwrap()(vfs, syscall, Some(ours)), SQLITE_OK);
        // SAFETY: its type as declared in SQLite's os_unix.c.
        Below { vfs: below, open_directory: mem::transmute::<unsafe extern "C" fn(), OpenDirectory>(original) }
    }
}

fn below() -> &'static Below {
    BELOW.get().expect("registered before it is called")
}

fn standing_in_for(below: &'static sqlite3_io_methods) -> &'static Table {
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    tables.entry(ptr::from_ref(below) as usize).or_insert_with(|| {
        let ours = sqlite3_io_methods {
            xClose: Some(close),
            xWrite: Some(write),
            xTruncate: Some(truncate),
            xSync: Some(sync),
            ..*below
        };
        Box::leak(Box::new(Table { ours, below: *below }))
    })
}

/// SQLite's own functions for a file that [`open`] opened.
fn of(file: *mut sqlite3_file) -> &'static sqlite3_io_methods {
    // SAFETY: `open` gave it a table that begins a `Table`, which is leaked; SQLite leaves it there until the file is closed.
    unsafe { &(*(*file).pMethods.cast::<Table>()).below }
}

impl Recording {
    /// The name of a file of this folder.
    fn name(&self, path: *const c_char) -> Option<String> {
        if path.is_null() {
            // A temporary file, which has none.
            return None;
        }
        // SAFETY: SQLite's paths end with a zero.
        let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
        (path.parent() == Some(&self.folder)).then(|| path.file_name().unwrap().to_str().unwrap().to_owned())
    }

    fn create(&mut self, name: String) -> Inode {
        let inode = self.inodes;
        self.inodes += 1;
        self.names.insert(name.clone(), inode);
        self.events.push(Event::Create(inode, name));
        inode
    }
}

/// Records an event of an open file, if it is one of the folder that is recorded.
fn record(file: *mut sqlite3_file, event: impl FnOnce(Inode) -> Event) {
    if let Some(recording) = lock().as_mut()
        && let Some(inode) = recording.open.get(&(file as usize))
    {
        let event = event(*inode);
        recording.events.push(event);
    }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let mut recording = lock();
    let name = recording.as_ref().and_then(|recording| recording.name(path));
    let there = name.as_ref().is_some_and(|name| recording.as_ref().unwrap().folder.join(name).exists());
    // SAFETY: SQLite's own arguments, to SQLite's own function.
    let code = unsafe { below().vfs.xOpen.unwrap()(vfs, path, file, flags, out) };
    if code != SQLITE_OK {
        return code;
    }
    // SAFETY: a file that was opened has its table, which lives as long as the process, and nobody else has the file yet. The table
    // that takes its place differs in four functions, each of which ends in the one it stands for.
    unsafe { (*file).pMethods = &raw const standing_in_for(&*(*file).pMethods).ours };
    if let (Some(recording), Some(name)) = (recording.as_mut(), name) {
        let inode = match recording.names.get(&name) {
            Some(inode) => *inode,
            None => {
                let inode = recording.create(name);
                if there {
                    // The vault makes an empty file itself, and syncs the folder, before SQLite sees it.
                    recording.events.push(Event::FolderSynced);
                }
                inode
            }
        };
        recording.open.insert(file as usize, inode);
    }
    code
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, path: *const c_char, sync_folder: c_int) -> c_int {
    if let Some(recording) = lock().as_mut()
        && let Some(name) = recording.name(path)
        && recording.names.remove(&name).is_some()
    {
        recording.events.push(Event::Delete(name));
    }
    // SAFETY: SQLite's own arguments, to SQLite's own function.
    unsafe { below().vfs.xDelete.unwrap()(vfs, path, sync_folder) }
}

unsafe extern "C" fn open_directory(path: *const c_char, out: *mut c_int) -> c_int {
    if let Some(recording) = lock().as_mut()
        && recording.name(path).is_some()
    {
        recording.events.push(Event::FolderSynced);
    }
    // SAFETY: SQLite's own arguments, to SQLite's own function.
    unsafe { (below().open_directory)(path, out) }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    if let Some(recording) = lock().as_mut() {
        recording.open.remove(&(file as usize));
    }
    // SAFETY: SQLite's own arguments, to SQLite's own function.
    unsafe { of(file).xClose.unwrap()(file) }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, bytes: *const c_void, length: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite gives a pointer to so many bytes.
    let written = unsafe { slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(length).unwrap()) };
    record(file, |inode| Event::Write(inode, offset.cast_unsigned(), written.to_vec()));
    // SAFETY: SQLite's own arguments, to SQLite's own function.
    unsafe { of(file).xWrite.unwrap()(file, bytes, length, offset) }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    record(file, |inode| Event::Truncate(inode, size.cast_unsigned()));
    // SAFETY: SQLite's own arguments, to SQLite's own function.
    unsafe { of(file).xTruncate.unwrap()(file, size) }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    let recorded = lock().as_ref().is_some_and(|recording| recording.open.contains_key(&(file as usize)));
    if !recorded {
        // No power is cut for real, and thousands of journals are opened.
        return SQLITE_OK;
    }
    // SAFETY: SQLite's own arguments, to SQLite's own function; which also syncs the folder of a new log.
    let code = unsafe { of(file).xSync.unwrap()(file, flags) };
    record(file, Event::Sync);
    code
}
