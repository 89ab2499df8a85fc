//! The cases that every destination passes, unchanged.
//!
//! A destination's tests call [`all`] with a function that returns an empty dataset each time it is
//! called. Rows are compared where the destination can read them back ([`Destination::reader`]);
//! replays are tested where it says that it remembers what was done. What a destination does not offer must
//! be refused instead.
//!
//! # Panics
//! Every case panics with its name and what differs.

mod append;
mod conflict;
mod ddl;
mod fixture;
mod merge;
mod parquet;
mod refresh;
mod replace;
mod running;
mod system;
mod values;

use crate::destination::Destination;

/// Gives an empty dataset.
pub type Make<'a> = &'a dyn Fn() -> Box<dyn Destination>;

/// Runs every case of the suite.
pub fn all(make: Make<'_>) {
    ddl::preparing_twice_changes_nothing(make);
    ddl::new_columns_are_added_at_the_end(make);
    ddl::a_column_without_type_is_not_created(make);
    ddl::a_required_column_cannot_join_a_table_with_rows(make);
    append::appended_rows_are_there_with_nulls_for_absent_columns(make);
    append::a_job_that_is_repeated_after_its_commit_is_not_doubled(make);
    append::jobs_of_one_table_run_concurrently(make);
    append::a_failed_job_leaves_no_rows_and_can_be_repeated(make);
    append::jobs_that_the_plan_does_not_know_are_refused(make);
    append::formats_that_cannot_be_loaded_are_refused(make);
    values::values_of_every_type_come_back(make);
    values::days_and_moments_beyond_the_years_are_refused(make);
    values::numbers_that_are_none_come_back_or_are_refused(make);
    values::names_with_any_characters_are_kept_apart(make);
    values::rows_of_an_older_schema_stand_beside_those_of_a_newer_one(make);
    replace::truncating_empties_the_chain_once_per_load(make);
    replace::staged_rows_show_after_the_follow_up_only(make);
    replace::a_repeated_follow_up_changes_nothing(make);
    replace::an_unfinished_load_of_another_pipeline_is_not_mixed_in(make);
    replace::strategies_that_are_not_offered_are_refused(make);
    merge::delete_insert_replaces_rows_by_key_with_what_is_below_them(make);
    merge::delete_insert_keeps_one_row_of_a_key(make);
    merge::conditions_say_which_rows_come_and_which_go(make);
    merge::upsert_updates_inserts_and_deletes_marked_rows(make);
    merge::upsert_can_leave_unchanged_rows_alone(make);
    merge::insert_only_never_changes_rows(make);
    merge::cdc_deletes_what_a_picture_lacks(make);
    merge::scd2_keeps_the_history_of_rows(make);
    conflict::a_load_from_an_older_state_is_refused_before_it_writes(make);
    conflict::a_load_that_took_over_leaves_no_rows_of_the_other_one(make);
    conflict::a_follow_up_of_a_load_that_was_taken_over_is_refused(make);
    conflict::a_commit_compares_the_state_once_more(make);
    running::a_job_that_runs_is_asked_about_and_its_rows_come_once(make);
    running::a_job_that_runs_when_its_load_is_taken_over_leaves_no_rows(make);
    refresh::dropped_tables_are_dropped_once_per_load(make);
    system::a_complete_load_is_recorded_once(make);
    system::a_load_is_started_once_something_was_done(make);
    system::a_schema_version_is_stored_once(make);
    system::the_newest_state_of_complete_loads_comes_back(make);
    system::stored_schemas_come_back_by_name_and_hash(make);
    system::an_empty_place_has_no_state_and_no_schemas(make);
    system::nothing_but_the_tables_of_the_schema_is_left(make);
}
