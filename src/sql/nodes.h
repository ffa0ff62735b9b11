// What each statement node of PostgreSQL's grammar does: its log class (GetCommandLogLevel in
// src/backend/tcop/utility.c of PostgreSQL 15) and the effect that it has. One table.
#pragma once

#include <optional>
#include <string_view>

#include "model/effect.h"
#include "sql/sql.h"

namespace countersign::sql {

struct NodeFacts {
    std::string_view node;  ///< JSON name, such as "DropStmt"
    StatementClass statement_class;
    std::optional<model::EffectKind> effect;  ///< nullopt: none of its own
    model::Place place;
    std::string_view detail;
};

/// nullptr: not a statement node. A statement node that the table lacks (a newer grammar) is
/// treated by the caller as unknown.
const NodeFacts* facts_of_node(std::string_view node);

/// Whether a node name is that of a statement ("...Stmt").
bool is_statement_node(std::string_view node);

}  // namespace countersign::sql
