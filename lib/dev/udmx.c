/*
 * udmx.c - a uDMX on USB, through libusb.
 *
 * Transfers are waited for: all this runs on a thread of its own.
 */
#include "dev/udmx.h"

#include <dirent.h>
#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "proto/udmx.h"

#define TIMEOUT_MS	500
#define TEXT_MAX	128
#define SYSFS		"/sys/bus/usb/devices"

struct udmx {
	const char	*name;
	bool		 force;
	libusb_context	*usb;
	libusb_device_handle *handle;
};

struct about {
	char	 number[32];		/* as lsusb has it, new each time */
	char	 name[TEXT_MAX];	/* the socket it is in, which stays */
	char	 product[TEXT_MAX], maker[TEXT_MAX], serial[TEXT_MAX];
};

/* ------------------------------------------------------- which device it is */

static bool
has_our_id(libusb_device *device, struct libusb_device_descriptor *d)
{
	return libusb_get_device_descriptor(device, d) == 0 &&
	    d->idVendor == CLASP_UDMX_VENDOR &&
	    d->idProduct == CLASP_UDMX_PRODUCT;
}

/* A line of a file in sysfs; "" when there is none. */
static void
read_text(const char *folder, const char *name, char out[TEXT_MAX])
{
	char path[320];
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof path, SYSFS "/%.200s/%s", folder, name);
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(out, TEXT_MAX, f))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

static int
read_number(const char *folder, const char *name)
{
	char text[TEXT_MAX];

	read_text(folder, name, text);
	return atoi(text);
}

/*
 * The kernel has asked it for its texts when it was plugged in, and all may
 * read them: nothing needs to be opened for a list.
 */
static void
read_about(libusb_device *device, struct about *about)
{
	DIR *dir = opendir(SYSFS);
	struct dirent *e;

	memset(about, 0, sizeof *about);
	snprintf(about->number, sizeof about->number, "usb:%03u/%03u",
	    libusb_get_bus_number(device), libusb_get_device_address(device));
	snprintf(about->name, sizeof about->name, "%s", about->number);
	while (dir && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.' ||
		    read_number(e->d_name, "busnum") !=
		    libusb_get_bus_number(device) ||
		    read_number(e->d_name, "devnum") !=
		    libusb_get_device_address(device))
			continue;
		snprintf(about->name, sizeof about->name, "usb:%.100s",
		    e->d_name);
		read_text(e->d_name, "product", about->product);
		read_text(e->d_name, "manufacturer", about->maker);
		read_text(e->d_name, "serial", about->serial);
		break;
	}
	if (dir)
		closedir(dir);
}

static int
fail_usb(int error, char why[CLASP_SERIAL_WHY])
{
	snprintf(why, CLASP_SERIAL_WHY, "%s", error == LIBUSB_ERROR_ACCESS ?
	    "permission denied; the udev rule that came with this gives it "
	    "to the group plugdev" : error == LIBUSB_ERROR_NO_DEVICE ?
	    "gone" : error == LIBUSB_ERROR_BUSY ? "in use by another program" :
	    libusb_strerror(error));
	return error == LIBUSB_ERROR_BUSY ? CLASP_ELOCKED :
	    error == LIBUSB_ERROR_NO_DEVICE ? CLASP_ECLOSED : CLASP_EIO;
}

/* Is this the one that is wanted?  0, 1: another one, or an error. */
static int
check_device(const struct udmx *u, const struct about *about,
    char why[CLASP_SERIAL_WHY])
{
	if (u->name && strcmp(u->name, about->name) != 0 &&
	    strcmp(u->name, about->number) != 0 &&
	    strcmp(u->name, about->serial) != 0)
		return 1;
	if (u->force || strcmp(about->product, "uDMX") == 0)
		return 0;
	snprintf(why, CLASP_SERIAL_WHY, "%.40s calls itself '%.60s', not uDMX; "
	    "--force takes it all the same", about->name, about->product);
	return CLASP_EIO;
}

static int
try_device(struct udmx *u, libusb_device *device, char why[CLASP_SERIAL_WHY])
{
	struct about about;
	int error;

	read_about(device, &about);
	error = check_device(u, &about, why);
	if (error)
		return error;
	error = libusb_open(device, &u->handle);
	if (error) {
		u->handle = NULL;
		return fail_usb(error, why);
	}
	/* its one interface: two programs cannot have it */
	error = libusb_claim_interface(u->handle, 0);
	if (error) {
		libusb_close(u->handle);
		u->handle = NULL;
		return fail_usb(error, why);
	}
	return 0;
}

static int
find_device(struct udmx *u, char why[CLASP_SERIAL_WHY])
{
	struct libusb_device_descriptor d;
	libusb_device **list;
	ssize_t n = libusb_get_device_list(u->usb, &list), i;
	int result = CLASP_ENOENT, error;

	if (n < 0)
		return fail_usb((int)n, why);
	snprintf(why, CLASP_SERIAL_WHY, "no such device (USB %04x:%04x)",
	    CLASP_UDMX_VENDOR, CLASP_UDMX_PRODUCT);
	for (i = 0; i < n && result != 0; i++) {
		if (!has_our_id(list[i], &d))
			continue;
		error = try_device(u, list[i], why);
		if (error <= 0)
			result = error;
	}
	libusb_free_device_list(list, 1);
	return result;
}

/* ------------------------------------------------------------- the driver */

static void
close_usb(void *device, bool gone)
{
	struct udmx *u = device;

	(void)gone;
	if (u->handle)
		libusb_close(u->handle);
	if (u->usb)
		libusb_exit(u->usb);
	u->handle = NULL;
	u->usb = NULL;
}

static int
open_usb(void *device, char why[CLASP_SERIAL_WHY])
{
	struct udmx *u = device;
	int error = libusb_init(&u->usb);

	if (error) {
		u->usb = NULL;
		return fail_usb(error, why);
	}
	error = find_device(u, why);
	if (error)
		close_usb(u, true);
	return error;
}

static int
transfer(struct udmx *u, const struct clasp_udmx_transfer *t)
{
	/* libusb does not write to what goes out */
	return libusb_control_transfer(u->handle, CLASP_UDMX_TYPE, t->request,
	    t->value, t->index, (unsigned char *)t->data, t->len, TIMEOUT_MS);
}

static int
send_frame(void *device, const uint8_t *levels, const uint8_t *before,
    unsigned slots, const atomic_bool *stop, char why[CLASP_SERIAL_WHY])
{
	struct udmx *u = device;
	struct clasp_udmx_transfer t;
	int n;

	clasp_udmx_encode(levels, before, slots, &t);
	n = transfer(u, &t);
	/* a short answer, or a stall of the pipe: once more */
	if ((n == LIBUSB_ERROR_PIPE || (n >= 0 && n < t.len)) &&
	    !atomic_load(stop))
		n = transfer(u, &t);
	if (n == t.len)
		return 0;
	if (n == LIBUSB_ERROR_TIMEOUT) {
		snprintf(why, CLASP_SERIAL_WHY, CLASP_DMXTHREAD_STALLED);
		return CLASP_EIO;
	}
	if (n < 0 && n != LIBUSB_ERROR_PIPE)
		return fail_usb(n, why);
	return CLASP_DMXTHREAD_MISSED;
}

static void
free_usb(void *device)
{
	free(device);
}

const struct clasp_dmxthread_driver clasp_udmx_driver = {
	.open = open_usb,
	.close = close_usb,
	.send = send_frame,
	.free = free_usb
};

void *
clasp_udmx_new(const char *name, bool force)
{
	struct udmx *u = calloc(1, sizeof *u);

	if (!u)
		return NULL;
	u->name = name;
	u->force = force;
	return u;
}

void
clasp_udmx_list(void (*fn)(const char *name, const char *what, void *user),
    void *user)
{
	struct libusb_device_descriptor d;
	libusb_device **list;
	libusb_context *usb;
	struct about about;
	char what[2 * TEXT_MAX + 4];
	ssize_t n, i;

	if (libusb_init(&usb) != 0)
		return;
	n = libusb_get_device_list(usb, &list);
	for (i = 0; i < n; i++) {
		if (!has_our_id(list[i], &d))
			continue;
		read_about(list[i], &about);
		snprintf(what, sizeof what, "%s%s%s", about.product,
		    about.maker[0] ? ", " : "", about.maker);
		fn(about.name, what, user);
	}
	if (n >= 0)
		libusb_free_device_list(list, 1);
	libusb_exit(usb);
}
