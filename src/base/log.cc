#include "base/log.h"

#include <memory>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace countersign::log {
namespace {

spdlog::logger& logger() {
    // The only process-wide object of the house: a sink to stderr without state that can be wrong.
    static spdlog::logger instance = [] {
        spdlog::logger made("countersign", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ countersign %l: %v",
                         spdlog::pattern_time_type::utc);
        made.set_level(spdlog::level::info);
        return made;
    }();
    return instance;
}

}  // namespace

void set_level(Level level) {
    switch (level) {
        case Level::Debug:
            return logger().set_level(spdlog::level::debug);
        case Level::Info:
            return logger().set_level(spdlog::level::info);
        case Level::Warning:
            return logger().set_level(spdlog::level::warn);
        case Level::Error:
            return logger().set_level(spdlog::level::err);
    }
}

void debug(std::string_view message) {
    logger().debug("{}", message);
}
void info(std::string_view message) {
    logger().info("{}", message);
}
void warning(std::string_view message) {
    logger().warn("{}", message);
}
void error(std::string_view message) {
    logger().error("{}", message);
}

}  // namespace countersign::log
