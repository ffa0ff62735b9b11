// Rules as people see them in lists, on their own and in a review. Pure; thread safe.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "cli/table.h"

namespace countersign::cli {

/// The pattern of a rule document for people; foreign text.
std::string rule_pattern(const boost::json::value& rule);
void add_rule_row(Table& table, const boost::json::value& rule, Instant now);
/// One row for each family of policy-file rules ("builtin/compilers/1" and its like).
void add_family_rows(Table& table, const std::vector<const boost::json::value*>& rules);
/// Everything about a rule for print_pairs; empty members are left out.
std::vector<std::pair<std::string, std::string>> rule_pairs(const boost::json::value& rule,
                                                            Instant now);

}  // namespace countersign::cli
