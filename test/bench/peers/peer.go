// peer.go - gRPC in Go as its users write it, to be measured by `make bench-peers`.
//
//	peer serve PORT              serves bench.Peer on 127.0.0.1 until SIGTERM
//	peer relay PORT TARGET       the same, every call passed on to TARGET
//	peer calls TARGET N          N pings on one connection, 100 at a time; prints calls per second
//	peer stream TARGET MEGABYTES one stream; prints MB per second
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	pb "benchpb"

	"google.golang.org/grpc"
)

const (
	chunkSize    = 64 * 1024
	inFlight     = 100
	streamWindow = 256 * 1024 // the windows of Sloth's own connections
	connWindow   = 1024 * 1024
)

type server struct {
	pb.UnimplementedPeerServer
}

func (server) Ping(context.Context, *pb.Nothing) (*pb.Nothing, error) {
	return &pb.Nothing{}, nil
}

func (server) Stream(amount *pb.Amount, out pb.Peer_StreamServer) error {
	chunk := &pb.Chunk{Data: make([]byte, chunkSize)}
	for left := int64(amount.Megabytes) * 1000 * 1000; left > 0; left -= chunkSize {
		if err := out.Send(chunk); err != nil {
			return err
		}
	}
	return nil
}

type relay struct {
	pb.UnimplementedPeerServer
	next pb.PeerClient
}

func (r relay) Ping(ctx context.Context, in *pb.Nothing) (*pb.Nothing, error) {
	return r.next.Ping(ctx, in)
}

func (r relay) Stream(amount *pb.Amount, out pb.Peer_StreamServer) error {
	in, err := r.next.Stream(out.Context(), amount)
	if err != nil {
		return err
	}
	for {
		chunk, err := in.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err = out.Send(chunk); err != nil {
			return err
		}
	}
}

func dial(target string) pb.PeerClient {
	conn, err := grpc.Dial(target, grpc.WithInsecure(), grpc.WithBlock(),
		grpc.WithInitialWindowSize(streamWindow), grpc.WithInitialConnWindowSize(connWindow))
	if err != nil {
		log.Fatal(err)
	}
	return pb.NewPeerClient(conn)
}

func serve(port string, service pb.PeerServer) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer()
	pb.RegisterPeerServer(s, service)
	log.Fatal(s.Serve(listener))
}

func calls(peer pb.PeerClient, n int) float64 {
	var group sync.WaitGroup
	work := make(chan struct{}, inFlight)
	begin := time.Now()
	for i := 0; i < inFlight; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for range work {
				if _, err := peer.Ping(context.Background(), &pb.Nothing{}); err != nil {
					log.Fatal(err)
				}
			}
		}()
	}
	for i := 0; i < n; i++ {
		work <- struct{}{}
	}
	close(work)
	group.Wait()
	return float64(n) / time.Since(begin).Seconds()
}

func stream(peer pb.PeerClient, megabytes int) float64 {
	begin := time.Now()
	in, err := peer.Stream(context.Background(), &pb.Amount{Megabytes: uint32(megabytes)})
	for err == nil {
		_, err = in.Recv()
	}
	if err != io.EOF {
		log.Fatal(err)
	}
	return float64(megabytes) / time.Since(begin).Seconds()
}

func main() {
	role, args := "", []string{"", ""}
	if len(os.Args) > 2 {
		role = os.Args[1]
		copy(args, os.Args[2:])
	}
	amount, _ := strconv.Atoi(args[1])
	switch role {
	case "serve":
		serve(args[0], server{})
	case "relay":
		serve(args[0], relay{next: dial(args[1])})
	case "calls":
		fmt.Printf("%.0f\n", calls(dial(args[0]), amount))
	case "stream":
		fmt.Printf("%.0f\n", stream(dial(args[0]), amount))
	default:
		log.Fatal("usage: peer serve PORT | relay PORT TARGET | calls TARGET N | stream TARGET MEGABYTES")
	}
}
