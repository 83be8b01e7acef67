import { close, ioctl, lseek, MAP_SHARED, mmap, open, O_RDWR, PROT_READ, PROT_WRITE, SEEK_SET, usleep, write } from 'user/libc'
import { IOMMU_IOAS_ALLOC, iommu_ioas_alloc, IOMMU_IOAS_MAP_FILE, iommu_ioas_map_file, IOMMU_IOAS_MAP_FIXED_IOVA, IOMMU_IOAS_MAP_READABLE, IOMMU_IOAS_MAP_WRITEABLE } from 'linux/iommufd'
import { VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_BIND_IOMMUFD, VFIO_DEVICE_FEATURE, VFIO_DEVICE_FEATURE_DMA_BUF, VFIO_DEVICE_FEATURE_GET, VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_OFFSET } from 'linux/vfio'

const PAGE_SIZE = 4096
const PEER_IOVA = 0x10000000
const PCI_COMMAND = 4
const MEMORY = 2
const MASTER = 4
const MEMORY_REGION = 2

/** `pwrite()` of a small number to a region of a device. */
function write_at(fd: number, region: number, offset: number, value: number, size: number) {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = value >>> (8 * i)
  lseek(fd, region * VFIO_PCI_OFFSET + offset, SEEK_SET)
  return write(fd, bytes, size)
}

function open_device(path: string, iommufd: number) {
  const fd = open(path, O_RDWR)
  ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, { argsz: 16, flags: 0, iommufd, out_devid: 0 })
  return fd
}

/** The first page of the card's memory as a dma-buf, which can be taken back. */
function lend_page(card: number) {
  const data = {
    region_index: MEMORY_REGION,
    open_flags: O_RDWR,
    flags: 0,
    nr_ranges: 1,
    dma_ranges: [{ offset: 0, length: PAGE_SIZE }],
  }
  const flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF
  return ioctl(card, VFIO_DEVICE_FEATURE, { argsz: 24, flags, data })
}

/** A virtual machine with two cards, of which one works with the memory of the other. */
export function vmm() {
  const iommufd = open('/dev/iommu', O_RDWR)
  const card = open_device('/dev/vfio/devices/vfio0', iommufd)
  const copier = open_device('/dev/vfio/devices/vfio1', iommufd)
  const ioas = new iommu_ioas_alloc()
  ioctl(iommufd, IOMMU_IOAS_ALLOC, ioas)
  ioctl(copier, VFIO_DEVICE_ATTACH_IOMMUFD_PT, { argsz: 12, flags: 0, pt_id: ioas.out_ioas_id })

  const offset = MEMORY_REGION * VFIO_PCI_OFFSET
  mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, card, offset)
  const dmabuf = lend_page(card)
  const map = new iommu_ioas_map_file({
    flags: IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
    ioas_id: ioas.out_ioas_id,
    fd: dmabuf,
    length: PAGE_SIZE,
    iova: PEER_IOVA,
  })
  if (ioctl(iommufd, IOMMU_IOAS_MAP_FILE, map) < 0) return 1
  write_at(copier, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, MEMORY | MASTER, 2)
  write_at(copier, VFIO_PCI_BAR0_REGION_INDEX, 0, PEER_IOVA, 4)
  usleep(5000)

  // The guest turns the memory of its card off: before it is gone, the tables of all devices that
  // were lent it are cleared. What the other card still writes ends at the IOMMU.
  write_at(card, VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 0, 2)
  usleep(1500)
  write_at(copier, VFIO_PCI_BAR0_REGION_INDEX, 0, 0, 4)

  for (const fd of [dmabuf, card, copier, iommufd]) close(fd)
  return 0
}
