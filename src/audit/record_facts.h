// What verification looks at in a record, as views into its line: taken out once, without building
// JSON values, so that a log is read about as fast as it is hashed. Also the members that each type
// of record has (docs/formats/record.md names them; a test compares).
//
// Internal to audit/. Pure; thread safe. Views are good while the record's text lives. Texts are as
// they stand in canonical JSON, escapes and all: equal texts have equal spellings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "audit/canonical_reader.h"
#include "audit/records.h"

namespace countersign::audit {

struct DecisionFacts {
    std::string_view action;
    std::string_view digest;
    std::string_view decided_by;
    std::string_view session;
    std::string_view kind;       ///< of the action: "command", "exec", ...
    std::string_view text;       ///< of the action; empty unless it has one
    std::string_view last_word;  ///< third word of an argv "bash -c TEXT"; else empty
    std::string_view words;      ///< argv of the first command that was found in it, raw JSON
    std::string_view commands;   ///< all of them, raw JSON
    ReleaseMode release = ReleaseMode::Never;
    model::Decision decision = model::Decision::Deny;
    model::Tier tier = model::Tier::Forbidden;
    std::int64_t approvals = 0;
    std::vector<std::string_view> excluded;
};

/// Of a release, a refusal or an outcome.
struct ActionFacts {
    std::string_view action;
    std::string_view digest;
    std::string_view session;
    std::vector<std::string_view> approvers;
};

/// Nothing for types whose rules read the whole body.
using RecordFacts = std::variant<std::monostate, DecisionFacts, ActionFacts>;

/// Takes the facts out of a body, and checks that it has exactly the members of its type. The
/// answer is what is wrong, for people; empty: nothing.
std::string facts_of(RecordType type, CanonicalReader::Value body, RecordFacts& facts);

/// The members of a type's body, sorted.
std::span<const std::string_view> record_members(RecordType type);

}  // namespace countersign::audit
