#include "bin/countersignd/serve.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/log.h"
#include "bin/countersignd/house.h"
#include "sys/confine.h"
#include "sys/process.h"

namespace countersign::bin {
namespace {

constexpr std::string_view kVersion = COUNTERSIGN_VERSION;

// From here on a mistake in reading what an agent sent cannot start a program, and cannot touch a
// file outside the gateway's own directories.
Result<void> confine(const Directories& directories) {
    using Use = sys::FileAccess::Use;
    auto restricted = sys::restrict_files({{directories.state, Use::Write},
                                           {directories.runtime, Use::Write},
                                           {directories.configuration, Use::Read},
                                           {"/proc", Use::Read}});
    if (!restricted.ok()) {
        if (restricted.error().code != ErrorCode::Unsupported) {
            return restricted.take_error();
        }
        log::warning("this kernel has no Landlock: the gateway's files are not confined");
    }
    return sys::forbid_program_starts();
}

Result<void> run(House& house) {
    TRY(house.open_state());
    TRY(house.open_sockets());
    TRY(confine(house.directories()));
    TRY(house.open_gate());
    house.serve();
    return {};
}

}  // namespace

int serve(const std::vector<std::string>& arguments) {
    CLI::App app("The Countersign gateway. It is started by `countersign` on first need.",
                 "countersignd");
    app.set_version_flag("--version", std::string(kVersion));
    app.footer(
        "countersignd judge check|parse|explain|policy judges without a gateway.\n"
        "Settings: countersignd.toml in the configuration directory.");
    try {
        // CLI11 wants them last first.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
        const int status = app.exit(error);
        return status == 0 ? 0 : 2;
    }
    sys::create_private_files();
    sys::forbid_inspection();
    House house;
    const Result<void> done = run(house);
    if (!done.ok()) {
        const Error& error = done.error();
        std::cerr << "countersignd: " << error.message
                  << (error.hint.empty() ? "" : " (hint: " + error.hint + ")") << "\n";
        return 1;
    }
    return 0;
}

}  // namespace countersign::bin
