//! Names and bytes as processes see them, beside those that a loss of power leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use cartage_package_store::{Entry, EntryKind};

type NodeId = usize;
type Names = BTreeMap<String, NodeId>;
const ROOT: NodeId = 0;

/// What a loss of power leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Everything, as when only the process was killed.
    All,
    /// Only what was synced.
    Synced,
    /// All names, but of files only the bytes that were synced.
    NamesBeforeBytes,
}

impl Survival {
    /// All of them.
    pub const EACH: [Self; 3] = [Self::All, Self::Synced, Self::NamesBeforeBytes];
}

#[derive(Clone, Debug)]
enum Node {
    File { bytes: Vec<u8>, synced: Vec<u8> },
    Folder { names: Names, synced: Names },
}

impl Node {
    fn folder() -> Self {
        Self::Folder { names: Names::new(), synced: Names::new() }
    }
}

/// A change of names that no sync has made durable yet.
#[derive(Clone, Debug)]
enum Pending {
    Add { folder: NodeId, name: String, node: NodeId },
    Remove { folder: NodeId, name: String },
    Move { from: (NodeId, String), to: (NodeId, String), node: NodeId },
}

impl Pending {
    /// The folder whose sync makes it durable. A move comes with its target, and as a whole.
    fn folder(&self) -> NodeId {
        match self {
            Self::Add { folder, .. } | Self::Remove { folder, .. } | Self::Move { to: (folder, _), .. } => {
                *folder
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    pending: Vec<Pending>,
    pub(super) locked: BTreeSet<PathBuf>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::folder()], pending: Vec::new(), locked: BTreeSet::new() }
    }
}

impl Tree {
    pub(super) fn survivors(&self, survival: Survival) -> Self {
        let nodes = self.nodes.iter().map(|node| match node {
            Node::File { bytes, synced } => {
                let bytes = if survival == Survival::All { bytes } else { synced };
                Node::File { bytes: bytes.clone(), synced: bytes.clone() }
            }
            Node::Folder { names, synced } => {
                let names = if survival == Survival::Synced { synced } else { names };
                Node::Folder { names: names.clone(), synced: names.clone() }
            }
        });
        Self { nodes: nodes.collect(), ..Self::default() }
    }

    fn find(&self, path: &Path) -> io::Result<NodeId> {
        path.components().try_fold(ROOT, |folder, component| match component {
            Component::RootDir => Ok(folder),
            Component::Normal(name) => {
                let name = name.to_str().ok_or(ErrorKind::InvalidInput)?;
                self.names(folder)?.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
            }
            _ => Err(ErrorKind::InvalidInput.into()),
        })
    }

    fn place(&self, path: &Path) -> io::Result<(NodeId, String)> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(ErrorKind::InvalidInput)?;
        let folder = self.find(path.parent().ok_or(ErrorKind::InvalidInput)?)?;
        self.names(folder)?;
        Ok((folder, name.to_owned()))
    }

    fn names(&self, folder: NodeId) -> io::Result<&Names> {
        match &self.nodes[folder] {
            Node::Folder { names, .. } => Ok(names),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn names_mut(&mut self, folder: NodeId) -> &mut Names {
        match &mut self.nodes[folder] {
            Node::Folder { names, .. } => names,
            Node::File { .. } => panic!("a place is in a folder"),
        }
    }

    fn synced_mut(&mut self, folder: NodeId) -> &mut Names {
        match &mut self.nodes[folder] {
            Node::Folder { synced, .. } => synced,
            Node::File { .. } => panic!("a place is in a folder"),
        }
    }

    fn add(&mut self, (folder, name): (NodeId, String), node: NodeId) {
        self.names_mut(folder).insert(name.clone(), node);
        self.pending.push(Pending::Add { folder, name, node });
    }

    fn remove(&mut self, (folder, name): (NodeId, String)) {
        self.names_mut(folder).remove(&name);
        self.pending.push(Pending::Remove { folder, name });
    }

    fn refuse_existing(&self, path: &Path) -> io::Result<()> {
        if self.find(path).is_ok() { Err(ErrorKind::AlreadyExists.into()) } else { Ok(()) }
    }

    pub(super) fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        match &self.nodes[self.find(path)?] {
            Node::File { bytes, .. } => Ok(bytes.clone()),
            Node::Folder { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    pub(super) fn entry(&self, path: &Path) -> io::Result<Entry> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        Ok(self.describe(name, self.find(path)?))
    }

    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let names = self.names(self.find(folder)?)?;
        Ok(names.iter().map(|(name, node)| self.describe(name, *node)).collect())
    }

    fn describe(&self, name: &str, node: NodeId) -> Entry {
        let (kind, bytes) = match &self.nodes[node] {
            Node::File { bytes, .. } => (EntryKind::File, bytes.len() as u64),
            Node::Folder { .. } => (EntryKind::Folder, 0),
        };
        Entry { name: name.to_owned(), kind, bytes }
    }

    pub(super) fn create_folder(&mut self, path: &Path) -> io::Result<()> {
        self.refuse_existing(path)?;
        let place = self.place(path)?;
        self.nodes.push(Node::folder());
        self.add(place, self.nodes.len() - 1);
        Ok(())
    }

    pub(super) fn write(&mut self, path: &Path, text: &[u8]) -> io::Result<()> {
        if self.find(path).is_err() {
            let place = self.place(path)?;
            self.nodes.push(Node::File { bytes: Vec::new(), synced: Vec::new() });
            self.add(place, self.nodes.len() - 1);
        }
        let node = self.find(path)?;
        match &mut self.nodes[node] {
            Node::File { bytes, .. } => *bytes = text.to_vec(),
            Node::Folder { .. } => return Err(ErrorKind::IsADirectory.into()),
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node = self.find(from)?;
        if let Ok(replaced) = self.find(to)
            && self.names(replaced).is_ok_and(|names| !names.is_empty())
        {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        let (from, to) = (self.place(from)?, self.place(to)?);
        self.names_mut(from.0).remove(&from.1);
        self.names_mut(to.0).insert(to.1.clone(), node);
        self.pending.push(Pending::Move { from, to, node });
        Ok(())
    }

    pub(super) fn hard_link(&mut self, original: &Path, link: &Path) -> io::Result<()> {
        self.refuse_existing(link)?;
        let (node, place) = (self.find(original)?, self.place(link)?);
        self.add(place, node);
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        if self.names(self.find(path)?).is_ok() {
            return Err(ErrorKind::IsADirectory.into());
        }
        self.remove(self.place(path)?);
        Ok(())
    }

    pub(super) fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        if !self.names(self.find(path)?)?.is_empty() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        self.remove(self.place(path)?);
        Ok(())
    }

    pub(super) fn sync_file(&mut self, path: &Path) -> io::Result<()> {
        let node = self.find(path)?;
        match &mut self.nodes[node] {
            Node::File { bytes, synced } => synced.clone_from(bytes),
            Node::Folder { .. } => return Err(ErrorKind::IsADirectory.into()),
        }
        Ok(())
    }

    pub(super) fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
        let folder = self.find(path)?;
        self.names(folder)?;
        let mut waiting = Vec::new();
        for change in std::mem::take(&mut self.pending) {
            if change.folder() != folder {
                waiting.push(change);
                continue;
            }
            match change {
                Pending::Add { folder, name, node } => drop(self.synced_mut(folder).insert(name, node)),
                Pending::Remove { folder, name } => drop(self.synced_mut(folder).remove(&name)),
                Pending::Move { from, to, node } => {
                    self.synced_mut(from.0).remove(&from.1);
                    self.synced_mut(to.0).insert(to.1, node);
                    // The old name is gone for good, even if it was never durable.
                    waiting.retain(|other| {
                        !matches!(other, Pending::Add { folder, name, .. } if (*folder, name) == (from.0, &from.1))
                    });
                }
            }
        }
        self.pending = waiting;
        Ok(())
    }
}
