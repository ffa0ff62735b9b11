// Audit records as people see them: one line each in lists, all members of one record. Lenient:
// unknown types of newer versions are shown raw. Pure; thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/time.h"
#include "cli/world.h"

namespace countersign::cli {

/// "SEQ TIME TYPE SESSION WHAT"
std::string record_header(const Look& look);
std::string record_row(const Look& look, const boost::json::value& record, Instant now);
/// Every member on its own line, nested ones with dotted names.
std::string record_sheet(const Look& look, const boost::json::value& record);

}  // namespace countersign::cli
