// PostgreSQL's own parse tree as JSON. The only file that names libpg_query.
//
// libpg_query runs the server's C code in this process: its recursive printer overflows the stack
// on a left-deep tree ("1+1+1+..." with 100 000 terms ends the process), so text that could nest
// deeper than limits::kSqlNestingMax is refused before it gets there. Thread safe: libpg_query
// keeps its state per thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/lex.h"

namespace countersign::sql {

/// The parser's answer {"version": n, "stmts": [...]}. Malformed: the grammar refuses the text (the
/// message is the server's). LimitExceeded: too long or too deep.
Result<boost::json::value> parse_tree(const std::string& text, const std::vector<Token>& tokens);

}  // namespace countersign::sql
