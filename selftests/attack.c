// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uses of subsystems whose mitigations the tests check: each command uses one, prints the call that
 * fails and its error, and exits with 1.
 *
 *   attack socket FAMILY TYPE	makes a socket
 *   attack vsock		sends a byte over AF_VSOCK to itself
 *   attack start-ksmbd		starts the SMB server, as its tools do
 *   attack smb			begins a conversation with the SMB server
 *   attack alg LENGTH COUNT	sends COUNT requests to AF_ALG and never takes the result
 *   attack udp FROM TO HITS	sends to port 7000 of the address 10.9.0.2, from one network
 *				namespace to another; nothing arrives if the file HITS changes
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER		1001
#define PORT		7000
#define UDP_TO		"10.9.0.2"

/* Tolerates slow machines, but not hangs. */
#define PATIENCE	60

/* The first message of ksmbd's tools (fs/smb/server/ksmbd_netlink.h). */
#define KSMBD_NAME		"SMBD_GENL"
#define KSMBD_STARTING_UP	2
#define KSMBD_ROOM		1024

struct ksmbd_start {
	unsigned int flags;
	int signing;
	char min_protocol[16];
	char max_protocol[16];
	char netbios_name[16];
	char work_group[64];
	char server_string[64];
	unsigned short tcp_port;
	/* Other fields, which may be 0. */
};

/* The first message of an SMB client (and the start of its answer), in x86 byte order. */
#define SMB_PORT		445
#define SMB_PROTOCOL		0x424d53fe

struct smb_negotiate {
	unsigned int length;
	unsigned int protocol;
	unsigned short header_size;
	unsigned short credit_charge;
	unsigned int status;
	unsigned short command;
	unsigned short credits;
	unsigned char other[48];
	unsigned short size;
	unsigned short dialect_count;
	unsigned short security;
	unsigned char capabilities[30];
	unsigned short dialects[2];
};

union answer {
	struct nlmsghdr head;
	char bytes[8192];
};

static void fail(const char *call)
{
	perror(call);
	exit(1);
}

static int number(const char *text)
{
	return (int)strtol(text, NULL, 0);
}

static int new_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	if (fd < 0)
		fail("socket");
	return fd;
}

static void vsock(void)
{
	struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_LOCAL,
		.svm_port = PORT,
	};
	int listener = new_socket(AF_VSOCK, SOCK_STREAM, 0);
	int client = new_socket(AF_VSOCK, SOCK_STREAM, 0);
	int server;
	char byte = 'x';

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)))
		fail("bind");
	if (listen(listener, 1))
		fail("listen");
	if (connect(client, (struct sockaddr *)&address, sizeof(address)))
		fail("connect");
	server = accept(listener, NULL, NULL);
	if (server < 0)
		fail("accept");
	if (send(client, &byte, 1, 0) != 1)
		fail("send");
	byte = 0;
	if (recv(server, &byte, 1, 0) != 1 || byte != 'x')
		fail("recv");
}

struct message {
	struct nlmsghdr head;
	struct genlmsghdr generic;
	struct nlattr attribute;
	char value[KSMBD_ROOM];
};

/* Sends an attribute to a netlink family; copies the first answer to *answer. */
static void ask(int fd, int family, int command, int type, const void *value, size_t size,
		void *answer, size_t room)
{
	struct message msg = {
		.head = {
			.nlmsg_type = family,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN + NLA_HDRLEN + NLA_ALIGN(size)),
		},
		.generic = { .cmd = command, .version = 1 },
		.attribute = { .nla_type = type, .nla_len = NLA_HDRLEN + size },
	};
	const struct nlmsghdr *head = answer;
	const struct nlmsgerr *error;

	memcpy(msg.value, value, size);
	if (send(fd, &msg, msg.head.nlmsg_len, 0) < 0)
		fail("send");
	memset(answer, 0, room);
	if (recv(fd, answer, room, 0) < (ssize_t)sizeof(*head))
		fail("recv");
	if (head->nlmsg_type != NLMSG_ERROR)
		return;
	error = NLMSG_DATA(head);
	errno = -error->error;
	if (errno)
		fail("netlink");
}

static int family_id(int fd, const char *name)
{
	union answer answer, ack;
	struct nlattr *attribute;
	char *end;

	ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1,
	    &answer, sizeof(answer));
	if (recv(fd, &ack, sizeof(ack), 0) < 0)
		fail("recv");
	end = answer.bytes + answer.head.nlmsg_len;
	attribute = (void *)(answer.bytes + NLMSG_LENGTH(GENL_HDRLEN));
	while ((char *)attribute < end && attribute->nla_type != CTRL_ATTR_FAMILY_ID)
		attribute = (void *)((char *)attribute + NLA_ALIGN(attribute->nla_len));
	if ((char *)attribute >= end) {
		errno = ENOENT;
		fail(name);
	}
	return *(unsigned short *)((char *)attribute + NLA_HDRLEN);
}

static void start_ksmbd(void)
{
	const union {
		struct ksmbd_start start;
		char room[KSMBD_ROOM];
	} request = { .start = {
		.netbios_name = "KS",
		.work_group = "KS",
		.server_string = "KS",
		.tcp_port = SMB_PORT,
	} };
	int fd = new_socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	union answer answer;

	ask(fd, family_id(fd, KSMBD_NAME), KSMBD_STARTING_UP, KSMBD_STARTING_UP, &request,
	    sizeof(request), &answer, sizeof(answer));
}

static void smb(void)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(SMB_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct smb_negotiate request = {
		.length = htonl(sizeof(request) - sizeof(request.length)),
		.protocol = SMB_PROTOCOL,
		.header_size = 64,
		.credits = 1,
		.size = 36,
		.dialect_count = 2,
		.security = 1,
		.dialects = { 0x0300, 0x0302 },
	};
	struct smb_negotiate answer = {};
	const size_t head = offsetof(struct smb_negotiate, size);
	int tries = PATIENCE * 10;
	int fd;

	/* The server starts to listen asynchronously. */
	for (;;) {
		fd = new_socket(AF_INET, SOCK_STREAM, 0);
		if (!connect(fd, (const struct sockaddr *)&address, sizeof(address)))
			break;
		if (errno != ECONNREFUSED || !tries--)
			fail("connect");
		close(fd);
		usleep(100000);
	}
	if (send(fd, &request, sizeof(request), 0) != sizeof(request))
		fail("send");
	if (recv(fd, &answer, head, MSG_WAITALL) != (ssize_t)head) {
		fprintf(stderr, "no answer\n");
		exit(1);
	}
	if (answer.protocol != SMB_PROTOCOL || answer.status) {
		fprintf(stderr, "status %#x\n", answer.status);
		exit(1);
	}
}

static void alg(size_t length, int count)
{
	static const unsigned char key[16];
	const struct sockaddr_alg address = {
		.salg_family = AF_ALG,
		.salg_type = "skcipher",
		.salg_name = "ctr(aes)",
	};
	int algorithm = new_socket(AF_ALG, SOCK_SEQPACKET, 0);
	char *data = calloc(1, length);
	int operation;

	if (!data)
		fail("calloc");
	if (bind(algorithm, (const struct sockaddr *)&address, sizeof(address)))
		fail("bind");
	if (setsockopt(algorithm, SOL_ALG, ALG_SET_KEY, key, sizeof(key)))
		fail("setsockopt");
	while (count--) {
		operation = accept(algorithm, NULL, NULL);
		if (operation < 0)
			fail("accept");
		if (send(operation, data, length, 0) != (ssize_t)length)
			fail("send");
		close(operation);
	}
}

static void enter(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(path);
	close(fd);
}

/* Sends as a user, and exits. */
static void send_as_user(const char *from)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = inet_addr(UDP_TO),
	};
	int fd;

	enter(from);
	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		fail("setresuid");
	fd = new_socket(AF_INET, SOCK_DGRAM, 0);
	if (sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) != 1)
		fail("sendto");
	exit(0);
}

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? 0 : read(fd, text, size - 1);

	text[len > 0 ? len : 0] = 0;
	if (fd >= 0)
		close(fd);
}

static void udp(const char *from, const char *to, const char *hits)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	char before[32], after[32];
	struct pollfd arrival;
	int status;
	pid_t child;

	enter(to);
	arrival.fd = new_socket(AF_INET, SOCK_DGRAM, 0);
	arrival.events = POLLIN;
	if (bind(arrival.fd, (const struct sockaddr *)&address, sizeof(address)))
		fail("bind");
	read_file(hits, before, sizeof(before));
	child = fork();
	if (child < 0)
		fail("fork");
	if (!child)
		send_as_user(from);
	waitpid(child, &status, 0);
	if (status)
		exit(1);
	for (int tenths = 0; tenths < PATIENCE * 10; tenths++) {
		read_file(hits, after, sizeof(after));
		/* Once the call is counted, the packet is lost or has arrived. */
		if (poll(&arrival, 1, 100))
			return;
		if (strcmp(before, after)) {
			fprintf(stderr, "nothing arrived\n");
			exit(1);
		}
	}
	fprintf(stderr, "the packet was lost\n");
	exit(1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	alarm(2 * PATIENCE);
	if (!strcmp(what, "socket") && argc == 4)
		new_socket(number(argv[2]), number(argv[3]), 0);
	else if (!strcmp(what, "vsock") && argc == 2)
		vsock();
	else if (!strcmp(what, "start-ksmbd") && argc == 2)
		start_ksmbd();
	else if (!strcmp(what, "smb") && argc == 2)
		smb();
	else if (!strcmp(what, "alg") && argc == 4)
		alg(number(argv[2]), number(argv[3]));
	else if (!strcmp(what, "udp") && argc == 5)
		udp(argv[2], argv[3], argv[4]);
	else
		return 2;
	return 0;
}
