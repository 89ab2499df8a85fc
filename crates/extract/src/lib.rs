//! Resources to packages in extracted/.
