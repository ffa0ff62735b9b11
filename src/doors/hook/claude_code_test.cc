#include "doors/hook/claude_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace countersign::doors::hook {
namespace {

using model::ActionKind;
using testing::HasSubstr;

std::string event_text(const std::string& tool, const std::string& input,
                       const std::string& rest = "") {
    return R"({"session_id":"c1","transcript_path":"/t","cwd":"/w","permission_mode":"default",)"
           R"("hook_event_name":"PreToolUse","tool_name":")" +
           tool + R"(","tool_use_id":"toolu_1","tool_input":)" + input + rest + "}";
}

TEST(ClaudeCode, EachToolBecomesItsKindOfAction) {
    const auto bash = read_event(event_text("Bash", R"({"command":"ls -l","timeout":5})"));
    ASSERT_TRUE(bash.ok()) << bash.error().message;
    EXPECT_EQ(bash->action.kind, ActionKind::Command);
    EXPECT_EQ(bash->action.text, "ls -l");
    EXPECT_EQ(bash->tool_use, "toolu_1");

    const auto edit = read_event(event_text("Edit", R"({"file_path":"src/a.c","new_string":"x"})"));
    ASSERT_TRUE(edit.ok());
    EXPECT_EQ(edit->action.kind, ActionKind::File);
    EXPECT_EQ(edit->action.name, "write");
    EXPECT_EQ(edit->action.target, "/w/src/a.c");
    EXPECT_EQ(edit->action.text, "x");

    const auto search = read_event(event_text("Grep", R"({"pattern":"rm -rf /"})"));
    ASSERT_TRUE(search.ok());
    EXPECT_EQ(search->action.name, "read");
    EXPECT_EQ(search->action.target, "/w");

    const auto fetch = read_event(event_text("WebFetch", R"({"url":"https://a.test/x"})"));
    ASSERT_TRUE(fetch.ok());
    EXPECT_EQ(fetch->action.kind, ActionKind::Http);
    EXPECT_EQ(fetch->action.name, "GET");

    const auto mcp = read_event(event_text("mcp__git__create_tag", R"({"name":"v1"})"));
    ASSERT_TRUE(mcp.ok());
    EXPECT_EQ(mcp->action.kind, ActionKind::ToolCall);
    EXPECT_EQ(mcp->action.server, "git");
    EXPECT_EQ(mcp->action.name, "create_tag");
    EXPECT_EQ(mcp->action.text, R"({"name":"v1"})");

    const auto own = read_event(event_text("TodoWrite", R"({"todos":[]})"));
    ASSERT_TRUE(own.ok());
    EXPECT_EQ(own->action.server, "claude-code/builtin");
}

TEST(ClaudeCode, AnMcpServerCannotPassForTheAgentsOwnTools) {
    EXPECT_FALSE(read_event(event_text("mcp__claude-code/builtin__TodoWrite", "{}")).ok());
    EXPECT_FALSE(read_event(event_text("mcp____TodoWrite", "{}")).ok());
}

TEST(ClaudeCode, WhatCannotBeReadIsAnError) {
    for (const std::string& bad :
         {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
          event_text("", "{}"), event_text("Bash", "{}"), event_text("Bash", R"({"command":7})"),
          event_text("Write", R"({"content":"x"})"), event_text("Bash", "[]"),
          event_text("WebFetch", R"({"uri":"x"})"),
          std::string(R"({"session_id":"s","cwd":"relative","hook_event_name":"PreToolUse"})"),
          event_text("Bash", R"({"command":"ls"})", R"(,"session_id":"other")")}) {
        EXPECT_FALSE(read_event(bad).ok()) << bad;
    }
}

TEST(ClaudeCode, OtherEventsAreNotDecided) {
    const auto stop = read_event(R"({"session_id":"s","cwd":"/w","hook_event_name":"Stop"})");
    ASSERT_TRUE(stop.ok());
    EXPECT_EQ(stop->kind, EventKind::Other);
}

TEST(ClaudeCode, PostToolUseCarriesTheOutputAndItsSource) {
    const auto event = read_event(
        R"({"session_id":"s","cwd":"/w","hook_event_name":"PostToolUse","tool_name":"Bash",)"
        R"("tool_input":{"command":"make"},"tool_response":{"stdout":"a","stderr":"b","exitCode":2}})");
    ASSERT_TRUE(event.ok()) << event.error().message;
    EXPECT_EQ(event->result, "ab");
    EXPECT_EQ(event->exit_code, 2);
    EXPECT_EQ(event->source, "output of make");
}

TEST(ClaudeCode, ThePermissionIsTheContractsOneLine) {
    EXPECT_EQ(permission_json(Permission::Deny, "no \"way\"\xff"),
              R"({"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",)"
              "\"permissionDecisionReason\":\"no \\\"way\\\"\xEF\xBF\xBD\"}}");
    EXPECT_THAT(permission_json(Permission::Allow, "policy"), HasSubstr("\"allow\""));
}

}  // namespace
}  // namespace countersign::doors::hook
