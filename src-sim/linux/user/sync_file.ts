/** What programs ask of a fence that is a file: `user/sync_file`. */
export {
  SYNC_IOC_FILE_INFO,
  SYNC_IOC_MERGE,
  SYNC_IOC_SET_DEADLINE,
  type sync_fence_info,
  type sync_file_info,
  type sync_merge_data,
  type sync_set_deadline,
} from '../sync_file'
