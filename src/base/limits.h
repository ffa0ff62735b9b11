// Every bound of the program with its reason. Past a bound the whole request is refused, never a
// part of it skipped (bypasses 3: rules that stopped being evaluated after N subcommands).
#pragma once

#include <cstddef>

namespace countersign::limits {

// --- What an agent may send -------------------------------------------------------------------
/// Largest command text. Linux itself takes 128 KiB per argument; scripts in here-documents are
/// longer, and a megabyte still parses within milliseconds.
inline constexpr std::size_t kActionTextBytesMax = 1024 * 1024;
/// Largest API request body: one action text, JSON-escaped at worst sixfold, plus its context.
inline constexpr std::size_t kRequestBodyBytesMax = 8 * 1024 * 1024;
/// Words of one argv. ARG_MAX is 2 MiB on Linux; more words than this no tool needs.
inline constexpr std::size_t kArgvWordsMax = 65'536;
/// JSON nesting of any document that we read.
inline constexpr std::size_t kJsonDepthMax = 64;
/// Environment entries that a door may report as mattering.
inline constexpr std::size_t kEnvironmentEntriesMax = 256;
/// One such value: PATH and friends are long, and Linux takes 128 KiB per string (MAX_ARG_STRLEN).
inline constexpr std::size_t kEnvironmentValueBytesMax = 128 * 1024;
/// All words of one argv together. ARG_MAX is 2 MiB by default; with a raised stack limit Linux
/// takes up to 6 MiB, which must still fit into one request body.
inline constexpr std::size_t kArgvBytesMax = 4 * 1024 * 1024;
/// Changed files and contacted hosts that a door may report of one action, each.
inline constexpr std::size_t kOutcomesPerReportMax = 256;
inline constexpr std::size_t kOutcomeEntriesMax = 10'000;
/// Longest life of a session: a week. Longer work opens a new one, and so is looked at again.
inline constexpr long kSessionLifetimeSecondsMax = 7L * 24 * 3600;
/// A name: agent id, type, model, purpose, person, rule id, comment.
inline constexpr std::size_t kNameBytesMax = 256;
inline constexpr std::size_t kCommentBytesMax = 4096;
/// A path, as the kernel bounds it (PATH_MAX).
inline constexpr std::size_t kPathBytesMax = 4096;

// --- Shell front end --------------------------------------------------------------------------
/// Nesting of the grammar. Past it the text is refused; bash itself overflows its stack later.
inline constexpr std::size_t kShellNestingMax = 256;
/// Simple commands, words and expansion results produced from one text (brace bombs, loops).
inline constexpr std::size_t kShellCommandsMax = 65'536;
inline constexpr std::size_t kShellWordsMax = 262'144;
inline constexpr std::size_t kShellExpansionBytesMax = 16 * 1024 * 1024;
/// How often text is parsed again (eval, sh -c, wrappers) below one action.
inline constexpr std::size_t kUnwrapDepthMax = 16;

// --- Judging ----------------------------------------------------------------------------------
inline constexpr std::size_t kEffectsMax = 65'536;
/// How deep SQL may nest, counted as in sql/lex.h. libpg_query's printer recurses per level; 20 000
/// levels still fit the 8 MiB stack of a thread, 100 000 end the process.
inline constexpr std::size_t kSqlNestingMax = 8192;
inline constexpr std::size_t kFindingsMax = 1024;
/// Commands whose data flow inspect/ follows together (its work can be quadratic in them); an
/// action with more gets a critical finding instead.
inline constexpr std::size_t kInspectedCommandsMax = 4096;
inline constexpr std::size_t kRulesMax = 10'000;
inline constexpr std::size_t kPatternBytesMax = 4096;
/// Words of an argv pattern, agent types of a scope: what a person can still review.
inline constexpr std::size_t kPatternWordsMax = 256;
inline constexpr std::size_t kScopeEntriesMax = 64;
/// RE2 program size for one rule's pattern; RE2 matches in linear time whatever the pattern.
inline constexpr std::size_t kRegexMemoryBytesMax = 1024 * 1024;
inline constexpr std::size_t kBaselineKeysMax = 20'000;

// --- Gateway ----------------------------------------------------------------------------------
/// Actions that may wait for people at once, in all and per session: a full queue denies.
inline constexpr std::size_t kPendingActionsMax = 1000;
inline constexpr std::size_t kPendingPerSessionMax = 64;
inline constexpr std::size_t kSessionsMax = 10'000;
inline constexpr std::size_t kDelegationDepthMax = 8;
inline constexpr std::size_t kConnectionsMax = 512;
/// Observations kept per session for provenance (the newest win).
inline constexpr std::size_t kObservationsPerSessionMax = 256;
inline constexpr std::size_t kObservationBytesMax = 256 * 1024;
/// Entries of one listed page.
inline constexpr std::size_t kPageEntriesMax = 500;
/// One audit record, canonical JSON. Holds a full action text after redaction.
inline constexpr std::size_t kRecordBytesMax = 8 * 1024 * 1024;

// --- Files we read ----------------------------------------------------------------------------
inline constexpr std::size_t kConfigBytesMax = 1024 * 1024;
inline constexpr std::size_t kKeyFileBytesMax = 16 * 1024;
/// Script content that a door digests before it asks.
inline constexpr std::size_t kScriptBytesMax = 64 * 1024 * 1024;

}  // namespace countersign::limits
