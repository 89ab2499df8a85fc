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
    /// Every second change of names that was not synced, with those that it follows from.
    Scattered,
}

impl Survival {
    /// All of them.
    pub const EACH: [Self; 4] = [Self::All, Self::Synced, Self::NamesBeforeBytes, Self::Scattered];
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

type Slot = (NodeId, String);

/// A change of names that no sync has made durable yet: the node leaves one slot, comes to another, or
/// both at once.
#[derive(Clone, Debug)]
struct Pending {
    node: NodeId,
    from: Option<Slot>,
    to: Option<Slot>,
}

impl Pending {
    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.from.iter().chain(&self.to)
    }

    /// Whether it can only become durable after `earlier`, which came before it.
    fn follows(&self, earlier: &Self) -> bool {
        self.node == earlier.node || self.slots().any(|slot| earlier.slots().any(|other| other == slot))
    }
}

#[derive(Clone, Debug)]
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
        let mut tree = self.clone();
        match survival {
            Survival::Synced => {}
            Survival::All | Survival::NamesBeforeBytes => tree.make_durable(|_, _| true),
            Survival::Scattered => tree.make_durable(|index, _| index % 2 == 1),
        }
        for node in &mut tree.nodes {
            match node {
                Node::File { bytes, synced } if survival == Survival::All => synced.clone_from(bytes),
                Node::File { bytes, synced } => bytes.clone_from(synced),
                Node::Folder { names, synced } => names.clone_from(synced),
            }
        }
        Self { nodes: tree.nodes, ..Self::default() }
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

    fn change(&mut self, node: NodeId, from: Option<Slot>, to: Option<Slot>) {
        if let Some((folder, name)) = &from {
            self.names_mut(*folder).remove(name);
        }
        if let Some((folder, name)) = &to {
            self.names_mut(*folder).insert(name.clone(), node);
        }
        self.pending.push(Pending { node, from, to });
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
        self.change(self.nodes.len() - 1, None, Some(place));
        Ok(())
    }

    pub(super) fn write(&mut self, path: &Path, text: &[u8]) -> io::Result<()> {
        if self.find(path).is_err() {
            let place = self.place(path)?;
            self.nodes.push(Node::File { bytes: Vec::new(), synced: Vec::new() });
            self.change(self.nodes.len() - 1, None, Some(place));
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
        self.change(node, Some(from), Some(to));
        Ok(())
    }

    pub(super) fn hard_link(&mut self, original: &Path, link: &Path) -> io::Result<()> {
        self.refuse_existing(link)?;
        let (node, place) = (self.find(original)?, self.place(link)?);
        self.change(node, None, Some(place));
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        let node = self.find(path)?;
        if self.names(node).is_ok() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let place = self.place(path)?;
        self.change(node, Some(place), None);
        Ok(())
    }

    pub(super) fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        let node = self.find(path)?;
        if !self.names(node)?.is_empty() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        let place = self.place(path)?;
        self.change(node, Some(place), None);
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
        self.make_durable(|_, change| change.slots().any(|slot| slot.0 == folder));
        Ok(())
    }

    /// Makes the chosen changes durable, with those before that they follow from. A move is durable as a
    /// whole, as on a file system with a journal.
    fn make_durable(&mut self, chosen: impl Fn(usize, &Pending) -> bool) {
        let mut durable: Vec<Pending> = Vec::new();
        let mut waiting = Vec::new();
        for (index, change) in std::mem::take(&mut self.pending).into_iter().enumerate().rev() {
            let needed = chosen(index, &change) || durable.iter().any(|later| later.follows(&change));
            if needed { &mut durable } else { &mut waiting }.push(change);
        }
        self.pending = waiting.into_iter().rev().collect();
        for Pending { node, from, to } in durable.into_iter().rev() {
            if let Some((folder, name)) = from {
                self.synced_mut(folder).remove(&name);
            }
            if let Some((folder, name)) = to {
                self.synced_mut(folder).insert(name, node);
            }
        }
    }
}
