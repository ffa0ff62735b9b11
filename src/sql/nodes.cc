#include "sql/nodes.h"

#include <algorithm>
#include <array>

namespace countersign::sql {
namespace {

using C = StatementClass;
using K = model::EffectKind;
using P = model::Place;

constexpr P kDb = P::Database;

// Sorted by name; nodes_sorted below proves it at compile time.
constexpr auto kNodes = std::to_array<NodeFacts>({
    {"AlterCollationStmt", C::Schema, K::DbSchema, kDb, "alters a collation"},
    {"AlterDatabaseRefreshCollStmt", C::Schema, K::DbSchema, kDb, "alters a database"},
    {"AlterDatabaseSetStmt", C::Administer, K::Configure, kDb, "changes a database's settings"},
    {"AlterDatabaseStmt", C::Schema, K::DbSchema, kDb, "alters a database"},
    {"AlterDefaultPrivilegesStmt", C::Administer, K::Identity, kDb, "changes default rights"},
    {"AlterDomainStmt", C::Schema, K::DbSchema, kDb, "alters a domain"},
    {"AlterEnumStmt", C::Schema, K::DbSchema, kDb, "alters a type"},
    {"AlterEventTrigStmt", C::Administer, K::Persist, kDb, "alters an event trigger"},
    {"AlterExtensionContentsStmt", C::Administer, K::Configure, kDb, "alters an extension"},
    {"AlterExtensionStmt", C::Administer, K::Configure, kDb, "alters an extension"},
    {"AlterFdwStmt", C::Administer, K::Configure, kDb, "alters a foreign data wrapper"},
    {"AlterForeignServerStmt", C::Administer, K::Configure, kDb, "alters a foreign server"},
    {"AlterFunctionStmt", C::Schema, K::DbSchema, kDb, "alters a function"},
    {"AlterObjectDependsStmt", C::Schema, K::DbSchema, kDb, "alters a dependency"},
    {"AlterObjectSchemaStmt", C::Schema, K::DbSchema, kDb, "moves to another schema"},
    {"AlterOpFamilyStmt", C::Schema, K::DbSchema, kDb, "alters an operator family"},
    {"AlterOperatorStmt", C::Schema, K::DbSchema, kDb, "alters an operator"},
    {"AlterOwnerStmt", C::Schema, K::DbSchema, kDb, "changes the owner"},
    {"AlterPolicyStmt", C::Administer, K::DbSchema, kDb, "alters a row policy"},
    {"AlterPublicationStmt", C::Schema, K::DbSchema, kDb, "alters a publication"},
    {"AlterRoleSetStmt", C::Administer, K::Identity, kDb, "changes a role's settings"},
    {"AlterRoleStmt", C::Administer, K::Identity, kDb, "alters a role"},
    {"AlterSeqStmt", C::Schema, K::DbSchema, kDb, "alters a sequence"},
    {"AlterStatsStmt", C::Schema, K::DbSchema, kDb, "alters statistics"},
    {"AlterSubscriptionStmt", C::Administer, K::Configure, kDb, "alters a subscription"},
    {"AlterSystemStmt", C::Administer, K::Configure, P::System, "changes the server's settings"},
    {"AlterTSConfigurationStmt", C::Schema, K::DbSchema, kDb, "alters text search"},
    {"AlterTSDictionaryStmt", C::Schema, K::DbSchema, kDb, "alters text search"},
    {"AlterTableMoveAllStmt", C::Schema, K::DbSchema, kDb, "moves tables"},
    {"AlterTableSpaceOptionsStmt", C::Schema, K::DbSchema, kDb, "alters a tablespace"},
    {"AlterTableStmt", C::Schema, K::DbSchema, kDb, "alters a table"},
    {"AlterTypeStmt", C::Schema, K::DbSchema, kDb, "alters a type"},
    {"AlterUserMappingStmt", C::Administer, K::Identity, kDb, "alters a user mapping"},
    {"CallStmt", C::Session, K::Eval, kDb, "calls a procedure"},
    {"CheckPointStmt", C::Session, std::nullopt, kDb, ""},
    {"ClosePortalStmt", C::Session, std::nullopt, kDb, ""},
    {"ClusterStmt", C::Schema, K::DbSchema, kDb, "rewrites a table in order"},
    {"CommentStmt", C::Schema, K::DbSchema, kDb, "comments on"},
    {"CompositeTypeStmt", C::Schema, K::DbSchema, kDb, "creates a type"},
    {"ConstraintsSetStmt", C::Session, std::nullopt, kDb, ""},
    {"CopyStmt", C::Read, std::nullopt, kDb, ""},
    {"CreateAmStmt", C::Administer, K::Configure, kDb, "creates an access method"},
    {"CreateCastStmt", C::Schema, K::DbSchema, kDb, "creates a cast"},
    {"CreateConversionStmt", C::Schema, K::DbSchema, kDb, "creates a conversion"},
    {"CreateDomainStmt", C::Schema, K::DbSchema, kDb, "creates a domain"},
    {"CreateEnumStmt", C::Schema, K::DbSchema, kDb, "creates a type"},
    {"CreateEventTrigStmt", C::Administer, K::Persist, kDb, "creates an event trigger"},
    {"CreateExtensionStmt", C::Administer, K::Configure, kDb, "installs an extension"},
    {"CreateFdwStmt", C::Administer, K::Configure, kDb, "creates a foreign data wrapper"},
    {"CreateForeignServerStmt", C::Administer, K::Configure, kDb, "creates a foreign server"},
    {"CreateForeignTableStmt", C::Schema, K::DbSchema, kDb, "creates a foreign table"},
    {"CreateFunctionStmt", C::Schema, K::DbSchema, kDb, "creates a function"},
    {"CreateOpClassStmt", C::Schema, K::DbSchema, kDb, "creates an operator class"},
    {"CreateOpFamilyStmt", C::Schema, K::DbSchema, kDb, "creates an operator family"},
    {"CreatePLangStmt", C::Administer, K::Configure, kDb, "installs a language"},
    {"CreatePolicyStmt", C::Administer, K::DbSchema, kDb, "creates a row policy"},
    {"CreatePublicationStmt", C::Schema, K::DbSchema, kDb, "creates a publication"},
    {"CreateRangeStmt", C::Schema, K::DbSchema, kDb, "creates a type"},
    {"CreateRoleStmt", C::Administer, K::Identity, kDb, "creates a role"},
    {"CreateSchemaStmt", C::Schema, K::DbSchema, kDb, "creates a schema"},
    {"CreateSeqStmt", C::Schema, K::DbSchema, kDb, "creates a sequence"},
    {"CreateStatsStmt", C::Schema, K::DbSchema, kDb, "creates statistics"},
    {"CreateStmt", C::Schema, K::DbSchema, kDb, "creates a table"},
    {"CreateSubscriptionStmt", C::Administer, K::Connect, P::Unknown, "creates a subscription"},
    {"CreateTableAsStmt", C::Schema, K::DbSchema, kDb, "creates a table"},
    {"CreateTableSpaceStmt", C::Administer, K::Write, P::System, "creates a tablespace"},
    {"CreateTransformStmt", C::Schema, K::DbSchema, kDb, "creates a transform"},
    {"CreateTrigStmt", C::Schema, K::DbSchema, kDb, "creates a trigger"},
    {"CreateUserMappingStmt", C::Administer, K::Identity, kDb, "creates a user mapping"},
    {"CreatedbStmt", C::Schema, K::DbSchema, kDb, "creates a database"},
    {"DeallocateStmt", C::Session, std::nullopt, kDb, ""},
    {"DeclareCursorStmt", C::Session, std::nullopt, kDb, ""},
    {"DefineStmt", C::Schema, K::DbSchema, kDb, "defines an object"},
    {"DeleteStmt", C::Write, K::DbWrite, kDb, "deletes rows"},
    {"DiscardStmt", C::Session, std::nullopt, kDb, ""},
    {"DoStmt", C::Session, K::Eval, kDb, "runs a code block"},
    {"DropOwnedStmt", C::Destructive, K::DbSchema, kDb, "drops all that a role owns"},
    {"DropRoleStmt", C::Destructive, K::Identity, kDb, "drops a role"},
    {"DropStmt", C::Destructive, K::DbSchema, kDb, "drops"},
    {"DropSubscriptionStmt", C::Destructive, K::DbSchema, kDb, "drops a subscription"},
    {"DropTableSpaceStmt", C::Destructive, K::DbSchema, kDb, "drops a tablespace"},
    {"DropUserMappingStmt", C::Destructive, K::Identity, kDb, "drops a user mapping"},
    {"DropdbStmt", C::Destructive, K::DbSchema, kDb, "drops a database"},
    {"ExecuteStmt", C::Session, K::Eval, kDb, "runs a prepared statement"},
    {"ExplainStmt", C::Read, std::nullopt, kDb, ""},
    {"FetchStmt", C::Session, std::nullopt, kDb, ""},
    {"GrantRoleStmt", C::Administer, K::Identity, kDb, "grants or revokes a role"},
    {"GrantStmt", C::Administer, K::Identity, kDb, "grants or revokes rights"},
    {"ImportForeignSchemaStmt", C::Schema, K::DbSchema, kDb, "imports a foreign schema"},
    {"IndexStmt", C::Schema, K::DbSchema, kDb, "creates an index"},
    {"InsertStmt", C::Write, K::DbWrite, kDb, "inserts rows"},
    {"ListenStmt", C::Session, std::nullopt, kDb, ""},
    {"LoadStmt", C::Administer, K::Execute, kDb, "loads a library into the server"},
    {"LockStmt", C::Session, std::nullopt, kDb, ""},
    {"MergeStmt", C::Write, K::DbWrite, kDb, "merges rows"},
    {"NotifyStmt", C::Session, std::nullopt, kDb, ""},
    {"PrepareStmt", C::Read, std::nullopt, kDb, ""},
    {"ReassignOwnedStmt", C::Administer, K::Identity, kDb, "reassigns all that a role owns"},
    {"RefreshMatViewStmt", C::Schema, K::DbWrite, kDb, "refreshes a view"},
    {"ReindexStmt", C::Session, K::DbSchema, kDb, "rebuilds indexes"},
    {"RenameStmt", C::Schema, K::DbSchema, kDb, "renames"},
    {"ReplicaIdentityStmt", C::Schema, K::DbSchema, kDb, "alters a table"},
    {"ReturnStmt", C::Read, std::nullopt, kDb, ""},
    {"RuleStmt", C::Schema, K::DbSchema, kDb, "creates a rule"},
    {"SecLabelStmt", C::Administer, K::Identity, kDb, "changes a security label"},
    {"SelectStmt", C::Read, std::nullopt, kDb, ""},
    {"SetOperationStmt", C::Read, std::nullopt, kDb, ""},
    {"TransactionStmt", C::Session, std::nullopt, kDb, ""},
    {"TruncateStmt", C::Destructive, K::DbWrite, kDb, "deletes every row (truncate)"},
    {"UnlistenStmt", C::Session, std::nullopt, kDb, ""},
    {"UpdateStmt", C::Write, K::DbWrite, kDb, "updates rows"},
    {"VacuumStmt", C::Session, std::nullopt, kDb, ""},
    {"VariableSetStmt", C::Session, std::nullopt, kDb, ""},
    {"VariableShowStmt", C::Read, std::nullopt, kDb, ""},
    {"ViewStmt", C::Schema, K::DbSchema, kDb, "creates a view"},
});

constexpr bool nodes_sorted() {
    for (std::size_t i = 1; i < kNodes.size(); ++i) {
        if (!(kNodes[i - 1].node < kNodes[i].node)) {
            return false;
        }
    }
    return true;
}
static_assert(nodes_sorted());

}  // namespace

const NodeFacts* facts_of_node(std::string_view node) {
    const auto* const found = std::lower_bound(
        kNodes.begin(), kNodes.end(), node,
        [](const NodeFacts& row, std::string_view name) { return row.node < name; });
    return found != kNodes.end() && found->node == node ? found : nullptr;
}

bool is_statement_node(std::string_view node) {
    // Members such as "selectStmt" hold a node and are none.
    return node.ends_with("Stmt") && node.front() >= 'A' && node.front() <= 'Z';
}

}  // namespace countersign::sql
