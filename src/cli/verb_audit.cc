// audit tail, search, show, reindex, export.
#include <boost/json.hpp>

#include "audit/export.h"
#include "cli/field.h"
#include "cli/help.h"
#include "cli/records_view.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "sys/files.h"
#include "text/number.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

constexpr std::int64_t kTailDefault = 20;
constexpr std::int64_t kSearchDefault = 100;

Result<std::size_t> limit_of(const Arguments& arguments, std::int64_t fallback) {
    const auto limit =
        text::parse_integer(arguments.value_or("limit", std::to_string(fallback)), 1, 1'000'000);
    if (!limit) {
        return Error(ErrorCode::InvalidArgument, "--limit is no number from 1 to 1000000");
    }
    return static_cast<std::size_t>(*limit);
}

/// Prints records as lines of a table, or one JSON document per line with --json.
void print_records(World& world, const Arguments& arguments,
                   const std::vector<json::value>& records, bool header) {
    Console& console = world.console();
    if (arguments.json()) {
        for (const json::value& record : records) {
            console.out(json::serialize(record) + "\n");
        }
        return;
    }
    if (header) {
        console.out(record_header(console.out_look()));
    }
    for (const json::value& record : records) {
        console.out(record_row(console.out_look(), record, world.clock().now()));
    }
}

/// Records with a sequence number of at least `first`, oldest first.
Result<std::vector<json::value>> records_from(Gateway& gateway, std::int64_t first,
                                              const std::string& filter, std::size_t most) {
    std::vector<json::value> records;
    const std::string after = first > 0 ? "after=" + std::to_string(first - 1) : "";
    const std::string joint = after.empty() || filter.empty() ? "" : "&";
    const std::string query = after + joint + filter;
    TRY(each_item(gateway, "/v1/audit" + (query.empty() ? "" : "?" + query), most,
                  [&records](const json::value& record) { records.push_back(record); }));
    return records;
}

std::string filter_of(const Arguments& arguments) {
    std::string filter;
    for (const std::string_view name : {"session", "agent", "decision", "tier", "type"}) {
        if (const auto value = arguments.value(name)) {
            filter += (filter.empty() ? "" : "&") + std::string(name) + "=" + encode(*value);
        }
    }
    if (!arguments.operand(0).empty()) {
        filter += (filter.empty() ? "text=" : "&text=") + encode(arguments.operand(0));
    }
    return filter;
}

std::string log_directory(const client::Locations& locations) {
    return locations.state_directory + "/log";
}

}  // namespace

Result<int> verb_audit_tail(World& world, const Arguments& arguments) {
    const std::size_t limit = TRY(limit_of(arguments, kTailDefault));
    Gateway* gateway = TRY(world.gateway());
    const json::value status = TRY(gateway->get("/v1/status"));
    const std::int64_t size = number_at(status, "log_size");
    std::int64_t next = std::max<std::int64_t>(0, size - static_cast<std::int64_t>(limit));
    bool header = true;
    while (true) {
        const auto records = TRY(records_from(*gateway, next, "", 1'000'000));
        print_records(world, arguments, records, header);
        header = false;
        for (const json::value& record : records) {
            next = std::max(next, number_at(record, "seq") + 1);
        }
        if (!arguments.has("follow") || !world.pause(std::chrono::milliseconds(500))) {
            return 0;
        }
    }
}

Result<int> verb_audit_search(World& world, const Arguments& arguments) {
    const std::size_t limit = TRY(limit_of(arguments, kSearchDefault));
    Gateway* gateway = TRY(world.gateway());
    const auto records = TRY(records_from(*gateway, 0, filter_of(arguments), limit));
    if (records.empty()) {
        world.console().err("no record matches\n");
        return 0;
    }
    print_records(world, arguments, records, true);
    return 0;
}

Result<int> verb_audit_show(World& world, const Arguments& arguments) {
    const auto seq = text::parse_integer(arguments.operand(0), 0, INT64_MAX);
    if (!seq) {
        return Error(ErrorCode::InvalidArgument, "SEQ is a record number",
                     "countersign audit tail");
    }
    Gateway* gateway = TRY(world.gateway());
    const json::value record = TRY(gateway->get("/v1/audit/" + std::to_string(*seq)));
    if (arguments.json()) {
        return print_json(world, record);
    }
    world.console().out(record_sheet(world.console().out_look(), record));
    return 0;
}

Result<int> verb_audit_reindex(World& world, const Arguments& arguments) {
    Gateway* gateway = TRY(world.gateway());
    const json::value begun = TRY(gateway->post("/v1/audit-reindex", json::object()));
    if (arguments.json()) {
        return print_json(world, begun);
    }
    world.console().out("the search index of " + std::to_string(number_at(begun, "records")) +
                        " records is being made anew\n");
    return 0;
}

Result<int> verb_audit_export(World& world, const Arguments& arguments) {
    std::string directory = arguments.value_or("log", "");
    if (directory.empty()) {
        const client::Locations locations = TRY(world.locations());
        directory = log_directory(locations);
    }
    const auto files = audit::real_files();
    audit::ExportOptions options;
    options.session = arguments.value_or("session", "");
    options.type = arguments.value_or("type", "");
    // The table of flags lets no other names through.
    options.format = audit::export_format_from(arguments.value_or("format", "jsonl"))
                         .value_or(audit::ExportFormat::Jsonl);
    options.source.host = world.person().host;
    options.source.version = kVersion;
    sys::Fd file;
    if (const auto path = arguments.value("output")) {
        TRY(sys::write_new_file(*path, "", 0600));
        file = TRY(sys::open_append(*path, 0600));
    }
    const auto sink = [&](std::string_view line) -> Result<void> {
        if (file.valid()) {
            return sys::write_all(file, line);
        }
        world.console().out(line);
        return {};
    };
    const std::uint64_t lines = TRY(audit::export_log(*files, directory, options, sink));
    world.console().err(std::to_string(lines) + " records\n");
    return 0;
}

}  // namespace countersign::cli
