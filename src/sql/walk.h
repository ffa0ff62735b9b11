// One parsed statement -> class, effects, findings. Pure; the walk keeps its own stack, so depth of
// the tree costs heap and not the caller's stack.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "sql/sql.h"

namespace countersign::sql {

/// `node` is {"SelectStmt": {...}}; `span` is the statement's place in the text.
Statement read_statement(const boost::json::object& node, model::Span span);

/// The effects and class of a code block's or function's body, read by its words alone (no grammar
/// of a procedural language is at hand): DROP, DELETE, EXECUTE and the like.
void read_code_block(std::string_view body, Statement& statement);

/// Raises the class; never lowers it.
void raise_class(Statement& statement, StatementClass to);

}  // namespace countersign::sql
