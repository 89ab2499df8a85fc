//! Which file of a crate imports which.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Import, imports};

/// Faces that a path may go through.
const DEEPEST: usize = 8;

/// The path of a module; empty for the crate.
type Module = Vec<String>;

/// The files of one crate.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    modules: BTreeMap<Module, File>,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    imports: Vec<Import>,
}

impl Files {
    /// Adds a file by its name below the folder of the crate.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        let mut module: Module = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        self.modules.insert(module, File { name: name.to_owned(), imports: imports(text) });
    }

    /// Files that reach each other, each set of them once.
    pub(super) fn circles(&self) -> Vec<BTreeSet<String>> {
        let edges = self.edges();
        let reached: BTreeMap<&Module, BTreeSet<&Module>> =
            self.modules.keys().map(|module| (module, reach(module, &edges))).collect();
        let mut found: BTreeSet<BTreeSet<String>> = BTreeSet::new();
        for (module, others) in &reached {
            let circle = others.iter().filter(|other| reached[**other].contains(*module));
            let circle: BTreeSet<String> = circle.map(|other| self.modules[*other].name.clone()).collect();
            if circle.len() > 1 {
                found.insert(circle);
            }
        }
        found.into_iter().collect()
    }

    /// The imports between the files of a circle, for people.
    pub(super) fn imports_within(&self, circle: &BTreeSet<String>) -> Vec<String> {
        let name = |module: &Module| &self.modules[module].name;
        let edges = self.edges();
        let pairs = edges.iter().flat_map(|(from, to)| to.iter().map(move |to| (name(from), name(to))));
        let within = pairs.filter(|(from, to)| circle.contains(*from) && circle.contains(*to));
        within.map(|(from, to)| format!("{from} -> {to}")).collect()
    }

    fn edges(&self) -> BTreeMap<&Module, BTreeSet<&Module>> {
        let targets = |module: &Module, file: &File| {
            let targets = file.imports.iter().filter_map(|import| self.target(module, import, 0));
            // What is above or below is part of the same thing.
            targets.filter(|other| !other.starts_with(module) && !module.starts_with(other)).collect()
        };
        self.modules.iter().map(|(module, file)| (module, targets(module, file))).collect()
    }

    /// The file that has what a file imports. A face that only hands it on is passed through.
    fn target(&self, from: &Module, import: &Import, depth: usize) -> Option<&Module> {
        let kept = import.up.map_or(Some(0), |up| from.len().checked_sub(up))?;
        let path = [&from[..kept], &import.names].concat();
        let (module, file) =
            (kept..=path.len()).rev().find_map(|end| self.modules.get_key_value(&path[..end]))?;
        let Some(name) = path.get(module.len()) else { return Some(module) };
        let handed_on = file.imports.iter().find(|other| other.is_public && other.names.last() == Some(name));
        match handed_on {
            Some(other) if depth < DEEPEST => self.target(module, other, depth + 1),
            _ => Some(module),
        }
    }
}

fn reach<'a>(module: &'a Module, edges: &BTreeMap<&'a Module, BTreeSet<&'a Module>>) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open = vec![module];
    while let Some(module) = open.pop() {
        open.extend(edges[module].iter().filter(|other| reached.insert(**other)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let mut all = Files::default();
        for (name, text) in files {
            all.add(name, text);
        }
        all.circles().into_iter().map(|circle| circle.into_iter().collect()).collect()
    }

    #[test]
    fn files_that_import_each_other_by_way_of_a_third_are_a_circle() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use super::c::{C, D};"),
            ("c.rs", "fn f() { crate::a::g() }"),
            ("d.rs", "use crate::a::A;"),
        ]);
        assert_eq!(found, [["a.rs", "b.rs", "c.rs"]]);
    }

    #[test]
    fn a_face_hides_no_circle_and_is_none_with_its_children() {
        let face = ("a/mod.rs", "mod x; mod y;\npub(crate) use x::X;\nuse y::Y;\n");
        assert!(circles(&[face, ("a/x.rs", "use super::y::Y;"), ("a/y.rs", "use super::Z;")]).is_empty());
        let found = circles(&[face, ("a/x.rs", "use super::y::Y;"), ("a/y.rs", "use crate::a::X;")]);
        assert_eq!(found, [["a/x.rs", "a/y.rs"]]);
    }
}
