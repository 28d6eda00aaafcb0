/*
 * client.cc - the cases of the public gRPC interop description on the C++ gRPC.
 *
 *   cpp_client --server_host=HOST --server_port=N --test_case=NAME
 *
 * NAME may be "all". Prints "NAME: ok" or "NAME: failed: why" for each case; exit status 1 when one failed.
 */
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

#include <grpcpp/grpcpp.h>

#include "test.grpc.pb.h"

using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;
using namespace grpc::testing;

using Channel = std::shared_ptr<grpc::Channel>;
using Duplex = std::unique_ptr<grpc::ClientReaderWriter<StreamingOutputCallRequest, StreamingOutputCallResponse>>;

static const int seconds = 20;
static const char initial_name[] = "x-grpc-test-echo-initial", initial_value[] = "test_initial_metadata_value";
static const char trailing_name[] = "x-grpc-test-echo-trailing-bin", trailing_value[] = "\xab\xab\xab";
static const int request_sizes[] = { 27182, 8, 1828, 45904 }, response_sizes[] = { 31415, 9, 2653, 58979 };
static const int large_request = 271828, large_response = 314159;

/* ---- judging ---- */

template <typename A, typename B> static void expect(const std::string &what, const A &got, const B &expected)
{
	if (got == expected)
		return;
	std::ostringstream words;
	words << what << " is " << got << ", expected " << expected;
	throw std::runtime_error(words.str());
}

static void expect_status(const Status &status, StatusCode code)
{
	if (status.error_code() != code)
		throw std::runtime_error("status " + std::to_string(status.error_code()) + ": " + status.error_message() +
					 "; expected " + std::to_string(code));
}

static void expect_field(const std::multimap<grpc::string_ref, grpc::string_ref> &fields, const char *name,
			 const char *value)
{
	auto found = fields.find(name);

	if (found == fields.end())
		throw std::runtime_error(std::string(name) + " did not come back");
	expect(name, std::string(found->second.data(), found->second.size()), std::string(value));
}

static void expect_metadata(const ClientContext &context)
{
	expect_field(context.GetServerInitialMetadata(), initial_name, initial_value);
	expect_field(context.GetServerTrailingMetadata(), trailing_name, trailing_value);
}

/* ---- requests ---- */

static void prepare(ClientContext &context)
{
	context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
}

static void add_metadata(ClientContext &context)
{
	context.AddMetadata(initial_name, initial_value);
	context.AddMetadata(trailing_name, trailing_value);
}

static SimpleRequest large()
{
	SimpleRequest request;

	request.set_response_size(large_response);
	request.mutable_payload()->set_body(std::string(large_request, '\0'));
	return request;
}

static StreamingOutputCallRequest output_request(int request_size, int response_size)
{
	StreamingOutputCallRequest request;

	request.mutable_payload()->set_body(std::string(request_size, '\0'));
	if (response_size)
		request.add_response_parameters()->set_size(response_size);
	return request;
}

template <typename Stream> static void expect_body(Stream &stream, int size)
{
	StreamingOutputCallResponse response;

	if (!stream->Read(&response))
		throw std::runtime_error("no response");
	expect("response", response.payload().body().size(), static_cast<size_t>(size));
}

template <typename Stream> static void expect_end(Stream &stream, StatusCode code)
{
	StreamingOutputCallResponse response;

	expect("further response", stream->Read(&response), false);
	expect_status(stream->Finish(), code);
}

/* ---- cases ---- */

static void empty_unary(const Channel &channel)
{
	ClientContext context;
	Empty response;

	prepare(context);
	expect_status(TestService::NewStub(channel)->EmptyCall(&context, Empty(), &response), StatusCode::OK);
}

static void large_unary(const Channel &channel)
{
	ClientContext context;
	SimpleResponse response;

	prepare(context);
	expect_status(TestService::NewStub(channel)->UnaryCall(&context, large(), &response), StatusCode::OK);
	expect("response", response.payload().body().size(), static_cast<size_t>(large_response));
}

static void client_streaming(const Channel &channel)
{
	auto stub = TestService::NewStub(channel);
	ClientContext context;
	StreamingInputCallResponse response;

	prepare(context);
	auto writer = stub->StreamingInputCall(&context, &response);
	for (int size : request_sizes) {
		StreamingInputCallRequest request;

		request.mutable_payload()->set_body(std::string(size, '\0'));
		writer->Write(request);
	}
	writer->WritesDone();
	expect_status(writer->Finish(), StatusCode::OK);
	expect("sum", response.aggregated_payload_size(), 74922);
}

static void server_streaming(const Channel &channel)
{
	auto stub = TestService::NewStub(channel);
	ClientContext context;
	StreamingOutputCallRequest request;

	prepare(context);
	for (int size : response_sizes)
		request.add_response_parameters()->set_size(size);
	auto reader = stub->StreamingOutputCall(&context, request);
	for (int size : response_sizes)
		expect_body(reader, size);
	expect_end(reader, StatusCode::OK);
}

static void ping_pong(const Channel &channel)
{
	auto stub = TestService::NewStub(channel);
	ClientContext context;

	prepare(context);
	Duplex stream = stub->FullDuplexCall(&context);
	for (size_t i = 0; i < 4; i++) {
		stream->Write(output_request(request_sizes[i], response_sizes[i]));
		expect_body(stream, response_sizes[i]);
	}
	stream->WritesDone();
	expect_end(stream, StatusCode::OK);
}

static void empty_stream(const Channel &channel)
{
	auto stub = TestService::NewStub(channel);
	ClientContext context;

	prepare(context);
	Duplex stream = stub->FullDuplexCall(&context);
	stream->WritesDone();
	expect_end(stream, StatusCode::OK);
}

static void cancel_after_begin(const Channel &channel)
{
	auto stub = TestService::NewStub(channel);
	ClientContext context;
	StreamingInputCallResponse response;

	prepare(context);
	auto writer = stub->StreamingInputCall(&context, &response);
	context.TryCancel();
	expect_status(writer->Finish(), StatusCode::CANCELLED);
}

static void cancel_after_first_response(const Channel &channel)
{
	auto stub = TestService::NewStub(channel);
	ClientContext context;

	prepare(context);
	Duplex stream = stub->FullDuplexCall(&context);
	stream->Write(output_request(request_sizes[0], response_sizes[0]));
	expect_body(stream, response_sizes[0]);
	context.TryCancel();
	expect_status(stream->Finish(), StatusCode::CANCELLED);
}

static void timeout_on_sleeping_server(const Channel &channel)
{
	auto stub = TestService::NewStub(channel);
	ClientContext context;

	context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1));
	Duplex stream = stub->FullDuplexCall(&context);
	stream->Write(output_request(request_sizes[0], 0));
	expect_end(stream, StatusCode::DEADLINE_EXCEEDED);
}

static void custom_metadata(const Channel &channel)
{
	auto stub = TestService::NewStub(channel);
	ClientContext unary, streaming;
	SimpleResponse response;

	prepare(unary);
	add_metadata(unary);
	expect_status(stub->UnaryCall(&unary, large(), &response), StatusCode::OK);
	expect_metadata(unary);

	prepare(streaming);
	add_metadata(streaming);
	Duplex stream = stub->FullDuplexCall(&streaming);
	stream->Write(output_request(large_request, large_response));
	stream->WritesDone();
	expect_body(stream, large_response);
	expect_end(stream, StatusCode::OK);
	expect_metadata(streaming);
}

static void unary_status(const Channel &channel, const std::string &message)
{
	ClientContext context;
	SimpleRequest request;
	SimpleResponse response;

	prepare(context);
	request.mutable_response_status()->set_code(StatusCode::UNKNOWN);
	request.mutable_response_status()->set_message(message);
	Status status = TestService::NewStub(channel)->UnaryCall(&context, request, &response);
	expect_status(status, StatusCode::UNKNOWN);
	expect("message", status.error_message(), message);
}

static void status_code_and_message(const Channel &channel)
{
	const std::string message = "test status message";
	auto stub = TestService::NewStub(channel);
	ClientContext context;
	StreamingOutputCallRequest request;
	StreamingOutputCallResponse response;

	unary_status(channel, message);
	prepare(context);
	request.mutable_response_status()->set_code(StatusCode::UNKNOWN);
	request.mutable_response_status()->set_message(message);
	Duplex stream = stub->FullDuplexCall(&context);
	stream->Write(request);
	stream->WritesDone();
	expect("response", stream->Read(&response), false);
	Status status = stream->Finish();
	expect_status(status, StatusCode::UNKNOWN);
	expect("message", status.error_message(), message);
}

static void special_status_message(const Channel &channel)
{
	unary_status(channel, "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP \xf0\x9f\x98\x88\t\n");
}

static void unimplemented_method(const Channel &channel)
{
	ClientContext context;
	Empty response;

	prepare(context);
	expect_status(TestService::NewStub(channel)->UnimplementedCall(&context, Empty(), &response),
		      StatusCode::UNIMPLEMENTED);
}

static void unimplemented_service(const Channel &channel)
{
	ClientContext context;
	Empty response;

	prepare(context);
	expect_status(UnimplementedService::NewStub(channel)->UnimplementedCall(&context, Empty(), &response),
		      StatusCode::UNIMPLEMENTED);
}

static const struct {
	const char *name;
	void (*run)(const Channel &channel);
} cases[] = {
	{ "empty_unary", empty_unary },
	{ "large_unary", large_unary },
	{ "client_streaming", client_streaming },
	{ "server_streaming", server_streaming },
	{ "ping_pong", ping_pong },
	{ "empty_stream", empty_stream },
	{ "cancel_after_begin", cancel_after_begin },
	{ "cancel_after_first_response", cancel_after_first_response },
	{ "timeout_on_sleeping_server", timeout_on_sleeping_server },
	{ "custom_metadata", custom_metadata },
	{ "status_code_and_message", status_code_and_message },
	{ "special_status_message", special_status_message },
	{ "unimplemented_method", unimplemented_method },
	{ "unimplemented_service", unimplemented_service },
};

/* ---- the program ---- */

static std::string flag(int argc, char **argv, const std::string &name)
{
	const std::string prefix = "--" + name + "=";

	for (int i = 1; i < argc; i++)
		if (std::string(argv[i]).rfind(prefix, 0) == 0)
			return argv[i] + prefix.size();
	return "";
}

int main(int argc, char **argv)
{
	const std::string wanted = flag(argc, argv, "test_case");
	const std::string address = flag(argc, argv, "server_host") + ":" + flag(argc, argv, "server_port");
	grpc::ChannelArguments arguments;
	int n_run = 0, n_failed = 0;

	arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
	arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
	for (const auto &c : cases) {
		if (wanted != "all" && wanted != c.name)
			continue;
		n_run++;
		try {
			c.run(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
			std::cout << c.name << ": ok" << std::endl;
		} catch (const std::runtime_error &error) {
			std::cout << c.name << ": failed: " << error.what() << std::endl;
			n_failed++;
		}
	}
	return n_run == 0 ? 2 : n_failed ? 1 : 0;
}
