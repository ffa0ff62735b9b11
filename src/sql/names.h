// Names out of parse tree nodes: the relation, function, role ... that a statement is about. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::sql {

/// Member of an object, nullptr when absent.
const boost::json::value* member(const boost::json::object& object, std::string_view name);
/// Text of a string member, empty when absent.
std::string_view text_of(const boost::json::object& object, std::string_view name);
bool flag_of(const boost::json::object& object, std::string_view name);

/// "schema.relation" of a RangeVar.
std::string relation_name(const boost::json::object& range_var);
/// "a.b" of a list of String nodes.
std::string dotted_name(const boost::json::value& list);
/// Every name that the statement is about, most telling first; empty when it names nothing.
std::vector<std::string> targets_of(const boost::json::object& statement);
/// The string constant that an expression is, empty when it is anything else.
std::string_view literal_of(const boost::json::value& expression);

}  // namespace countersign::sql
