// What a function call inside SQL does beyond computing a value. A SELECT is only as harmless as
// the functions it calls: agentsh H21, PostgreSQL 15 manual chapter 9.27, sqlite.org/cli.html.
#pragma once

#include <optional>
#include <string_view>

#include "model/effect.h"

namespace countersign::sql {

struct FunctionFacts {
    std::string_view name;  ///< lower-case, without schema; a trailing "*" matches any ending
    model::EffectKind effect;
    model::Place place;
    std::string_view detail;
};

/// nullptr: nothing known to be unsafe.
const FunctionFacts* unsafe_function(std::string_view lower_name);

/// Whether the name is a function of the server (or of the SQL standard) that only computes. What
/// is neither unsafe nor harmless was defined by somebody and may do anything.
bool is_harmless_function(std::string_view lower_name);

/// Functions that only wait: denial of service, blind injection.
bool is_delay_function(std::string_view lower_name);

/// Tables that hold credentials: pg_authid, mysql.user ...
bool is_credential_relation(std::string_view lower_name);

}  // namespace countersign::sql
