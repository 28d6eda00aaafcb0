/*
 * server.cc - grpc.testing.TestService on the C++ gRPC.
 *
 *   cpp_server --port=N
 *
 * Listens on 127.0.0.1, says where ("listening on 127.0.0.1:43211"), runs until it is killed.
 */
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "test.grpc.pb.h"

using grpc::ServerContext;
using grpc::Status;
using namespace grpc::testing;

static void echo_metadata(ServerContext *context)
{
	const auto &sent = context->client_metadata();
	auto initial = sent.find("x-grpc-test-echo-initial"), trailing = sent.find("x-grpc-test-echo-trailing-bin");

	if (initial != sent.end())
		context->AddInitialMetadata("x-grpc-test-echo-initial",
					    std::string(initial->second.data(), initial->second.size()));
	if (trailing != sent.end())
		context->AddTrailingMetadata("x-grpc-test-echo-trailing-bin",
					     std::string(trailing->second.data(), trailing->second.size()));
}

static Status asked_status(const EchoStatus &status)
{
	return Status(static_cast<grpc::StatusCode>(status.code()), status.message());
}

template <typename Stream> static void answer(const StreamingOutputCallRequest &request, Stream *stream)
{
	for (const auto &parameters : request.response_parameters()) {
		StreamingOutputCallResponse response;

		std::this_thread::sleep_for(std::chrono::microseconds(parameters.interval_us()));
		response.mutable_payload()->set_body(std::string(parameters.size(), '\0'));
		stream->Write(response);
	}
}

using Duplex = grpc::ServerReaderWriter<StreamingOutputCallResponse, StreamingOutputCallRequest>;

class TestServer final : public TestService::Service {
	Status EmptyCall(ServerContext *context, const Empty *, Empty *) override
	{
		echo_metadata(context);
		return Status::OK;
	}

	Status UnaryCall(ServerContext *context, const SimpleRequest *request, SimpleResponse *response) override
	{
		echo_metadata(context);
		if (request->response_status().code())
			return asked_status(request->response_status());
		response->mutable_payload()->set_body(std::string(request->response_size(), '\0'));
		return Status::OK;
	}

	Status StreamingOutputCall(ServerContext *context, const StreamingOutputCallRequest *request,
				   grpc::ServerWriter<StreamingOutputCallResponse> *writer) override
	{
		echo_metadata(context);
		if (request->response_status().code())
			return asked_status(request->response_status());
		answer(*request, writer);
		return Status::OK;
	}

	Status StreamingInputCall(ServerContext *context, grpc::ServerReader<StreamingInputCallRequest> *reader,
				  StreamingInputCallResponse *response) override
	{
		StreamingInputCallRequest request;
		size_t sum = 0;

		echo_metadata(context);
		while (reader->Read(&request))
			sum += request.payload().body().size();
		response->set_aggregated_payload_size(static_cast<int>(sum));
		return Status::OK;
	}

	Status FullDuplexCall(ServerContext *context, Duplex *stream) override
	{
		StreamingOutputCallRequest request;

		echo_metadata(context);
		while (stream->Read(&request)) {
			if (request.response_status().code())
				return asked_status(request.response_status());
			answer(request, stream);
		}
		return Status::OK;
	}

	Status HalfDuplexCall(ServerContext *context, Duplex *stream) override
	{
		std::vector<StreamingOutputCallRequest> requests;
		StreamingOutputCallRequest request;

		echo_metadata(context);
		while (stream->Read(&request))
			requests.push_back(request);
		for (const auto &one : requests) {
			if (one.response_status().code())
				return asked_status(one.response_status());
			answer(one, stream);
		}
		return Status::OK;
	}
};

int main(int argc, char **argv)
{
	const std::string prefix = "--port=";
	std::string port = "0";
	TestServer service;
	grpc::ServerBuilder builder;
	int bound = 0;

	for (int i = 1; i < argc; i++)
		if (std::string(argv[i]).rfind(prefix, 0) == 0)
			port = argv[i] + prefix.size();
	builder.AddListeningPort("127.0.0.1:" + port, grpc::InsecureServerCredentials(), &bound);
	builder.RegisterService(&service);
	auto server = builder.BuildAndStart();
	if (!server || !bound)
		return 1;
	std::cout << "listening on 127.0.0.1:" << bound << std::endl;
	server->Wait();
	return 0;
}
