#include "sql/functions.h"

#include <algorithm>
#include <array>

#include "sql/harmless_names.h"

namespace countersign::sql {
namespace {

using K = model::EffectKind;
using P = model::Place;

constexpr auto kUnsafe = std::to_array<FunctionFacts>({
    {"pg_read_file", K::SecretRead, P::Secret, "reads a file of the server"},
    {"pg_read_binary_file", K::SecretRead, P::Secret, "reads a file of the server"},
    {"pg_ls_dir", K::SecretRead, P::Secret, "lists files of the server"},
    {"pg_ls_*", K::SecretRead, P::Secret, "lists files of the server"},
    {"pg_stat_file", K::SecretRead, P::Secret, "looks at a file of the server"},
    {"pg_logdir_ls", K::SecretRead, P::Secret, "lists files of the server"},
    {"pg_hba_file_rules", K::SecretRead, P::Secret, "reads the server's access rules"},
    {"load_file", K::SecretRead, P::Secret, "reads a file of the server"},
    {"readfile", K::Read, P::Unknown, "reads a file"},
    {"lo_import", K::SecretRead, P::Secret, "reads a file of the server"},
    {"lo_export", K::Write, P::System, "writes a file of the server"},
    {"pg_file_write", K::Write, P::System, "writes a file of the server"},
    {"pg_file_sync", K::Write, P::System, "writes a file of the server"},
    {"pg_file_rename", K::Write, P::System, "renames a file of the server"},
    {"pg_file_unlink", K::Delete, P::System, "deletes a file of the server"},
    {"writefile", K::Write, P::Unknown, "writes a file"},
    {"edit", K::Execute, P::Unknown, "starts an editor"},
    {"load_extension", K::Execute, P::Unknown, "loads a library"},
    {"fts3_tokenizer", K::Execute, P::Unknown, "calls an address"},
    {"sys_exec", K::Execute, P::Unknown, "runs a program on the server"},
    {"sys_eval", K::Execute, P::Unknown, "runs a program on the server"},
    {"xp_cmdshell", K::Execute, P::Unknown, "runs a program on the server"},
    {"sp_oacreate", K::Execute, P::Unknown, "runs a program on the server"},
    {"dblink*", K::Upload, P::Unknown, "talks to another server"},
    {"postgres_fdw_*", K::Connect, P::Unknown, "talks to another server"},
    {"http", K::Upload, P::Unknown, "sends a request"},
    {"http_*", K::Upload, P::Unknown, "sends a request"},
    {"net.http*", K::Upload, P::Unknown, "sends a request"},
    {"pg_terminate_backend", K::Signal, P::Process, "ends another session"},
    {"pg_cancel_backend", K::Signal, P::Process, "stops another session's statement"},
    {"pg_reload_conf", K::Configure, P::Database, "reloads the server's settings"},
    {"pg_rotate_logfile*", K::Configure, P::Database, "rotates the server's log"},
    {"pg_promote", K::Configure, P::Database, "promotes a standby"},
    {"pg_switch_wal", K::Configure, P::Database, "switches the write-ahead log"},
    {"pg_create_*", K::Configure, P::Database, "changes replication or recovery"},
    {"pg_drop_*", K::Configure, P::Database, "drops replication state"},
    {"pg_copy_*", K::Configure, P::Database, "changes replication"},
    {"pg_logical_*", K::Configure, P::Database, "changes replication"},
    {"pg_replication_*", K::Configure, P::Database, "changes replication"},
    {"pg_wal_replay_*", K::Configure, P::Database, "changes recovery"},
    {"pg_start_backup", K::Configure, P::Database, "starts a backup"},
    {"pg_stop_backup", K::Configure, P::Database, "stops a backup"},
    {"pg_backup_*", K::Configure, P::Database, "starts or stops a backup"},
    {"pg_stat_reset*", K::Configure, P::Database, "resets statistics"},
    {"pg_stat_statements_reset", K::Configure, P::Database, "resets statistics"},
    {"pg_import_system_collations", K::DbSchema, P::Database, "creates collations"},
    {"set_config", K::Configure, P::None, "changes a setting"},
    {"setval", K::DbWrite, P::Database, "sets a sequence"},
    {"pg_notify", K::DbWrite, P::Database, "notifies other sessions"},
    {"lo_*", K::DbWrite, P::Database, "changes a large object"},
    {"lowrite", K::DbWrite, P::Database, "changes a large object"},
    {"pg_advisory_unlock_all", K::DbWrite, P::Database, "releases locks"},
    {"query_to_xml*", K::Eval, P::Database, "runs SQL from a string"},
    {"cursor_to_xml*", K::Eval, P::Database, "runs SQL from a string"},
    {"table_to_xml*", K::Eval, P::Database, "reads a table named by a string"},
    {"schema_to_xml*", K::Eval, P::Database, "reads a schema named by a string"},
    {"database_to_xml*", K::Eval, P::Database, "reads the whole database"},
    {"ts_stat", K::Eval, P::Database, "runs SQL from a string"},
    {"ts_rewrite", K::Eval, P::Database, "runs SQL from a string"},
    {"crosstab*", K::Eval, P::Database, "runs SQL from a string"},
    {"connectby", K::Eval, P::Database, "runs SQL from strings"},
    {"run_command_on_*", K::Eval, P::Database, "runs SQL on other nodes"},
    {"master_run_on_worker", K::Eval, P::Database, "runs SQL on other nodes"},
    {"cron.schedule*", K::Persist, P::Database, "schedules SQL"},
});

constexpr auto kDelays = std::to_array<std::string_view>(
    {"pg_sleep", "pg_sleep_for", "pg_sleep_until", "sleep", "benchmark", "waitfor"});

constexpr auto kCredentialRelations = std::to_array<std::string_view>(
    {"pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "pg_subscription",
     "pg_file_settings", "pg_hba_file_rules", "mysql.user", "mysql.db", "mysql.global_priv"});

constexpr std::size_t kHarmlessCount =
    static_cast<std::size_t>(std::count(kHarmlessNames.begin(), kHarmlessNames.end(), ' '));

constexpr std::array<std::string_view, kHarmlessCount> split_names() {
    std::array<std::string_view, kHarmlessCount> names;
    std::size_t begin = 0;
    for (std::string_view& name : names) {
        const std::size_t end = kHarmlessNames.find(' ', begin);
        name = kHarmlessNames.substr(begin, end - begin);
        begin = end + 1;
    }
    return names;
}

constexpr auto kHarmless = split_names();

constexpr bool harmless_sorted() {
    for (std::size_t i = 1; i < kHarmless.size(); ++i) {
        if (!(kHarmless[i - 1] < kHarmless[i])) {
            return false;
        }
    }
    return true;
}
static_assert(harmless_sorted());

bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.ends_with('*')) {
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    }
    return pattern == name;
}

}  // namespace

const FunctionFacts* unsafe_function(std::string_view lower_name) {
    const auto* const found =
        std::find_if(kUnsafe.begin(), kUnsafe.end(),
                     [&](const FunctionFacts& row) { return matches(row.name, lower_name); });
    // A name of its own says more than the family that it belongs to (lo_get, lo_tell).
    const bool family = found != kUnsafe.end() && found->name.ends_with('*');
    return found == kUnsafe.end() || (family && is_harmless_function(lower_name)) ? nullptr : found;
}

bool is_harmless_function(std::string_view lower_name) {
    return std::binary_search(kHarmless.begin(), kHarmless.end(), lower_name) ||
           is_delay_function(lower_name);
}

bool is_delay_function(std::string_view lower_name) {
    return std::find(kDelays.begin(), kDelays.end(), lower_name) != kDelays.end();
}

bool is_credential_relation(std::string_view lower_name) {
    return std::find(kCredentialRelations.begin(), kCredentialRelations.end(), lower_name) !=
           kCredentialRelations.end();
}

}  // namespace countersign::sql
