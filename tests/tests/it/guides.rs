//! The guides of `docs/guide/` do what they say.

use std::path::{Path, PathBuf};

use cartage_tests::guide::carry_out;

fn guides() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide")
}

/// One test a page, and a last one that no page is left out.
macro_rules! guides {
    ($($page:ident)*) => {
        $(#[test]
        fn $page() {
            carry_out(&guides().join(concat!(stringify!($page), ".md")));
        })*

        #[test]
        fn every_guide_is_carried_out() {
            let tested = [$(concat!(stringify!($page), ".md")),*];
            for page in std::fs::read_dir(guides()).expect("the guides") {
                let name = page.expect("an entry").file_name();
                let name = name.to_string_lossy();
                assert!(tested.contains(&&*name) || name == "README.md", "{name} is not tested");
            }
        }
    };
}

guides! { contracts dispositions incremental rust state }
