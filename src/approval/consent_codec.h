// How a request for consent stands in the store. Internal to approval/. Pure; thread safe.
#pragma once

#include <string>

#include "approval/approvals.h"

namespace countersign::approval {

/// JSON text; parse(print(x)) == x.
std::string print_consent(const Consent& consent);
/// Corrupt: not what print_consent writes.
Result<Consent> parse_consent(const std::string& document);

}  // namespace countersign::approval
